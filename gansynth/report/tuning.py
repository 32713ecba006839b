"""Tuning of a note: the deviation of its estimated pitch from the requested one, and the clarity of its tone.

The estimator is YIN (de Cheveigne and Kawahara 2002); it searches the range of a piano, not only near the
requested pitch. On 200 FluidR3 notes, unchanged and with six kinds of damage to their spectrograms, it agreed with
probabilistic YIN on all but 1 % of the notes, at 2 ms a note instead of 100; neither found a note of white noise in
tune.

The estimate depends on magnitudes alone: with random instantaneous frequency at 1024 bins, 99 % of those notes were
still in tune. The clarity shows that fault: the ratio of harmonics to noise at the requested pitch (Boersma 1993).
"""

from dataclasses import dataclass

import numpy as np

from core.audio import stft, yin
from core.audio.levels import SILENCE_DB, rms_db

IN_TUNE_CENTS = 50.0
# The part that is analysed: after the attack, before most releases.
SPAN_S = (0.1, 0.8)
LOWEST_HZ, HIGHEST_HZ = 27.5, 4186.0
FRAME_S, HOP_S, CLARITY_HOP_S = 0.128, 0.032, 0.064
_LAGS_PER_SAMPLE = 4
_MAX_CLARITY = 1 - 1e-5


def cents_off(wave: np.ndarray, pitch: int, sample_rate: int) -> float:
    """Deviation of a note's estimated pitch from the requested one in cents; nan if it is inaudible.

    Args:
        wave: float [samples].
        pitch: MIDI pitch.
        sample_rate: Hz.
    """
    span = _span(wave, sample_rate)
    if not _audible(span):
        return float("nan")
    frame, hop = round(FRAME_S * sample_rate), round(HOP_S * sample_rate)
    highest = min(HIGHEST_HZ, sample_rate / 4)
    hertz = yin.pitches_hz(span, sample_rate, LOWEST_HZ, highest, frame, hop)
    return 1200 * float(np.log2(np.median(hertz) / hertz_of(pitch)))


def clarity_db(wave: np.ndarray, pitch: int, sample_rate: int) -> float:
    """Harmonics-to-noise ratio at the requested pitch in dB, the median over frames; nan if it is inaudible.

    The autocorrelation of a frame over that of its window is the share r of the power that repeats with a period; the
    ratio is r / (1 - r), at the best period within IN_TUNE_CENTS of the requested one.
    """
    span = _span(wave, sample_rate)
    if not _audible(span):
        return float("nan")
    size = round(FRAME_S * sample_rate)
    window = stft.hann_periodic(size)
    frames = stft.frames(span, size, round(CLARITY_HOP_S * sample_rate))
    frames = (frames - frames.mean(axis=1, keepdims=True)) * window
    period = _LAGS_PER_SAMPLE * sample_rate / hertz_of(pitch)
    reach = 2 ** (IN_TUNE_CENTS / 1200)
    lags = slice(int(period / reach), int(np.ceil(period * reach)) + 1)
    repeats = _autocorrelation(frames)[:, lags] / _autocorrelation(window[None])[:, lags]
    share = np.clip(np.median(repeats.max(axis=1)), 1 - _MAX_CLARITY, _MAX_CLARITY)
    return float(10 * np.log10(share / (1 - share)))


def hertz_of(pitch: int) -> float:
    """The frequency of a MIDI pitch."""
    return 440 * 2 ** ((pitch - 69) / 12)


def octaves_off(cents: np.ndarray) -> np.ndarray:
    """Which notes are in tune except for whole octaves: bool, shaped as `cents`."""
    octaves = np.round(cents / 1200)
    return (octaves != 0) & (np.abs(cents - 1200 * octaves) <= IN_TUNE_CENTS)


@dataclass(frozen=True)
class Tuning:
    """The tuning of several notes: shares 0..1, and the median absolute deviation, if any pitch was found."""

    notes: int
    in_tune: float
    octaves_off: float
    median_cents: float | None

    @classmethod
    def of(cls, cents: np.ndarray) -> "Tuning":
        """Summarise deviations in cents [n], n > 0; nan counts as out of tune."""
        in_tune = float(np.mean(np.abs(cents) <= IN_TUNE_CENTS))
        known = np.abs(cents[np.isfinite(cents)])
        median = float(np.median(known)) if len(known) else None
        return cls(len(cents), in_tune, float(octaves_off(cents).mean()), median)


def _span(wave: np.ndarray, sample_rate: int) -> np.ndarray:
    """The part to analyse, padded with silence to at least a frame."""
    start, end = (round(time * sample_rate) for time in SPAN_S)
    span = wave[start:end] if len(wave) >= end else wave
    return np.pad(span, (0, max(0, round(FRAME_S * sample_rate) - len(span))))


def _audible(span: np.ndarray) -> bool:
    return bool(np.isfinite(span).all()) and rms_db(span) >= SILENCE_DB


def _autocorrelation(frames: np.ndarray) -> np.ndarray:
    """[n, size] -> [n, lags], _LAGS_PER_SAMPLE per sample, over that at lag 0."""
    size = frames.shape[1]
    power = np.abs(np.fft.rfft(frames, 2 * size, axis=1)) ** 2
    found = np.fft.irfft(power, 2 * size * _LAGS_PER_SAMPLE, axis=1)
    return found / np.maximum(found[:, :1], 1e-20)
