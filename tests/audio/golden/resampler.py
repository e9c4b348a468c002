"""Writes resampler.json: what the resampler's magnitude response must be, computed without any of its code.

The specification is the resampler's: a sinc with its cut-off at the Nyquist frequency of the lower rate, under Kaiser's
window for 80 dB, with a transition from 7/8 to 9/8 of that frequency. scipy designs the filter at the least common
multiple of both rates, where a resampler is one ordinary filter, and evaluates it.

To run it again (the tests read its output only):
    pip install numpy==2.* scipy==1.* && python tests/audio/golden/resampler.py
"""

import json
import math
from pathlib import Path

import numpy as np
from scipy import signal

ATTENUATION = 80.0
PAIRS = [(rate, 16_000) for rate in (8_000, 11_025, 22_050, 44_100, 48_000, 96_000, 192_000)]
PAIRS += [(48_000, 24_000), (16_000, 48_000)]

# Parts of the lower Nyquist frequency: the pass band, the transition, the stop band.
PARTS = [0.01, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.875]
PARTS += [0.9, 0.93, 0.96, 0.99, 1.02]
PARTS += [1.126, 1.15, 1.2, 1.3, 1.45, 1.6, 1.83, 2.2, 2.7, 3.3, 4.7, 5.9, 8.1, 10.3, 11.9]


def response(rate_in, rate_out):
    """[Hz, dB] at each of PARTS that either rate can carry. Beyond the lower rate's Nyquist frequency it is what an alias
    (or an image, when the rate rises) keeps of a tone of that frequency."""
    fine = math.lcm(rate_in, rate_out)
    nyquist = min(rate_in, rate_out) / 2
    # Kaiser's estimate for the transition of a quarter of the Nyquist frequency, in input samples, in whole eights.
    width = 2 * math.pi * 0.25 * nyquist / rate_in
    length = 8 * math.ceil((ATTENUATION - 8) / (2.285 * width) / 8)
    window = ("kaiser", signal.kaiser_beta(ATTENUATION))
    taps = signal.firwin(length * fine // rate_in + 1, nyquist, window=window, fs=fine)
    # Of the window's two ends only one is within a length of whole input samples. It matters at -80 dB.
    taps = taps[:-1]
    # A third of a hertz beside the part, so that no tone coincides with its own alias.
    hertz = [round(part * nyquist) + 0.333 for part in PARTS if part * nyquist < max(rate_in, rate_out) / 2 - 50]
    # Plainly evaluated: at the fine rate the taps are few enough.
    turns = np.exp(-2j * np.pi * np.outer(hertz, np.arange(len(taps))) / fine)
    decibels = 20 * np.log10(np.abs(turns @ taps))
    return [[frequency, round(level, 4)] for frequency, level in zip(hertz, decibels.tolist())]


def main():
    pairs = [{"from": a, "to": b, "response": response(a, b)} for a, b in PAIRS]
    lines = ",\n".join(json.dumps(pair) for pair in pairs)
    Path(__file__).with_suffix(".json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
