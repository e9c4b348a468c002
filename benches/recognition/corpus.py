"""The speech: which recordings it is made of, and what is said in them.

`python corpus.py` joins them into target/recognition/speech.wav, which the browser's microphone plays, and says in
speech.json where each clip lies in it. Each clip comes twice, clean and with pink noise. What is heard of it is
score.py's business.
"""

import json
import subprocess
import wave
from pathlib import Path

import numpy as np

WORK = Path(__file__).resolve().parents[2] / "target/recognition"
MOONSHINE = "moonshine_voice/assets/"
LIBRIVOX = "usr/share/pocketsphinx/test/data/librivox/"

RATE = 48_000  # Hz; Chromium's fake microphone runs at this rate
LEAD_SECONDS = 4.0  # the device plays from the moment it is opened, before every stream is attached to it
GAP_SECONDS = 1.0  # between clips
PEAK = 0.5  # of full scale; leaves room for the noise
NOISE_DB = 20  # speech above noise: a room with a fan
LOWEST_NOISE = 20  # Hz; nothing is heard below

# File, seconds from and to, and the words where they are known: Dickens's are the book's, Librivox's come with the
# recordings. Cuts are in pauses, so that every clip fits a window of the recogniser (30 s) and is heard by itself.
CLIPS = [
    (MOONSHINE + "two_cities.wav", 0, 13.1,
     "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness, "
     "it was the epoch of belief, it was the epoch of incredulity"),
    (MOONSHINE + "two_cities.wav", 13.1, 28.65,
     "it was the season of light, it was the season of darkness, it was the spring of hope, it was the winter of despair, "
     "we had everything before us, we had nothing before us, we were all going direct to heaven, "
     "we were all going direct the other way"),
    (MOONSHINE + "two_cities.wav", 28.65, 42.3,
     "in short, the period was so far like the present period, that some of its noisiest authorities insisted on its "
     "being received, for good or for evil, in the superlative degree of comparison only"),
    (MOONSHINE + "endgame_nagg_nell.wav", 0, 14.33, None),
    (MOONSHINE + "endgame_nagg_nell.wav", 14.33, 28.28, None),
    (MOONSHINE + "beckett.wav", 0, 9.96, None),
    (MOONSHINE + "clone-test.wav", 0, 4.11, None),
    (LIBRIVOX + "sense_and_sensibility_01_austen_64kb-0870.wav", 0, 7.1,
     "and mister john dashwood had then leisure to consider how much there might be prudently in his power to do for them"),
    (LIBRIVOX + "sense_and_sensibility_01_austen_64kb-0880.wav", 0, 2.99, "he was not an ill disposed young man"),
    (LIBRIVOX + "sense_and_sensibility_01_austen_64kb-0890.wav", 0, 5.3,
     "unless to be rather cold hearted and rather selfish is to be ill disposed"),
    (LIBRIVOX + "sense_and_sensibility_01_austen_64kb-0920.wav", 0, 6.05,
     "had he married a more a amiable woman he might have been made still more respectable than he was"),
    (LIBRIVOX + "sense_and_sensibility_01_austen_64kb-0930.wav", 0, 3.29, "he might even have been made amiable himself"),
]


def decode(path, rate, *options):
    """Samples of a file, mono, −1 to 1, at `rate` Hz. `options` of ffmpeg say what a file without a header is."""
    command = ["ffmpeg", "-v", "error", *options, "-i", str(path), "-f", "f32le", "-ac", "1", "-ar", str(rate), "-"]
    return np.frombuffer(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout, dtype="<f4")


def pink_noise(count, seed):
    """Noise of as much power in every octave, of RMS 1, the same for the same seed."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    frequencies = np.fft.rfftfreq(count, 1 / RATE)
    spectrum *= (frequencies >= LOWEST_NOISE) / np.sqrt(np.maximum(frequencies, LOWEST_NOISE))
    noise = np.fft.irfft(spectrum, count)
    return noise / rms(noise)


def rms(samples):
    return float(np.sqrt(np.mean(np.square(samples))))


def clips():
    """Every clip's samples, condition and words."""
    clean = []
    for file, start, end, text in CLIPS:
        samples = decode(WORK / "fetched" / file, RATE, "-ss", str(start), "-to", str(end))
        clean.append((samples * (PEAK / np.max(np.abs(samples))), text))
    for samples, text in clean:
        yield samples, "clean", text
    for seed, (samples, text) in enumerate(clean):
        noise = pink_noise(len(samples), seed) * rms(samples) * 10 ** (-NOISE_DB / 20)
        yield samples + noise, "noisy", text


def main():
    pieces, table, position = [np.zeros(round(LEAD_SECONDS * RATE))], [], LEAD_SECONDS
    for samples, condition, text in clips():
        table.append({"start": position, "end": position + len(samples) / RATE, "condition": condition, "text": text})
        pieces += [samples, np.zeros(round(GAP_SECONDS * RATE))]
        position += (len(samples) + len(pieces[-1])) / RATE
    with wave.open(str(WORK / "speech.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.round(np.concatenate(pieces) * 32_767).astype("<i2").tobytes())
    (WORK / "speech.json").write_text(json.dumps({"seconds": position, "clips": table}, indent=1))
    print(f"speech: {len(table)} clips, {position:.0f} s")


if __name__ == "__main__":
    main()
