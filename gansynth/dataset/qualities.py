"""NSynth's note qualities as far as they can be measured."""

import numpy as np


def measured_qualities(wave: np.ndarray, pitch: int, sample_rate: int, hold_s: float) -> set[str]:
    """NSynth's qualities that can be measured in a note, by rules of ours: NSynth's were assigned by ear.

    * bright: the spectral centroid is above 1 kHz, and above the 4th harmonic or 2 kHz
    * dark: the centroid is below 500 Hz and below 1.5 times the fundamental
    * fast_decay: the last 100 ms before the key is released are at least 20 dB below the loudest 100 ms
    * long_release: 0.4 s to 0.5 s later, the level is less than 20 dB lower; silence has neither

    Args:
        wave: float [samples].
        pitch: MIDI number.
        sample_rate: Hz.
        hold_s: when the key is released.
    """
    words = set()
    fundamental_hz = 440 * 2 ** ((pitch - 69) / 12)
    power = np.abs(np.fft.rfft(wave)) ** 2
    centroid_hz = float(power @ np.fft.rfftfreq(len(wave), 1 / sample_rate) / max(power.sum(), 1e-12))
    if centroid_hz > 1000 and (centroid_hz > 4 * fundamental_hz or centroid_hz > 2000):
        words.add("bright")
    elif centroid_hz < min(500, 1.5 * fundamental_hz):
        words.add("dark")
    step = min(sample_rate // 10, len(wave))
    levels_db = [10 * np.log10(np.mean(wave[i : i + step] ** 2) + 1e-12) for i in range(0, len(wave) - step + 1, step)]
    end = max(0, int(hold_s * 10) - 1)
    before = levels_db[min(end, len(levels_db) - 1)]
    if before < max(levels_db) - 20:
        words.add("fast_decay")
    elif end + 5 < len(levels_db) and levels_db[end + 5] > before - 20:
        words.add("long_release")
    return words
