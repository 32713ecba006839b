"""The sound of a note in numbers: a few features to compare how much notes differ, a long vector for a classifier."""

import numpy as np

from core.audio import stft
from gansynth.report.tuning import hertz_of

FEATURES = (
    "centroid / octaves",
    "bandwidth / octaves",
    "below 250 Hz / dB",
    "250 to 500 Hz / dB",
    "500 Hz to 1 kHz / dB",
    "1 to 2 kHz / dB",
    "2 to 4 kHz / dB",
    "above 4 kHz / dB",
    "attack / doublings",
    "decay / dB",
)
_FEATURE_EDGES_HZ = np.array([0.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, np.inf])
# Levels end this far below the loudest. Below it is noise, by which a classifier recognises recordings (99 % of pitches
# that it was not trained on) and fewer new instruments.
FLOOR_DB = -50.0
FRAME_S, HOP_S = 0.064, 0.016
_RISEN_FROM, _RISEN_TO, _DECAY_S = 0.1, 0.9, 0.5
# A feature vector has levels of fine bands, in short spans around the attack, and of the requested pitch's harmonics.
_BAND_EDGES_HZ, _BAND_SPANS_S = np.geomspace(60.0, 8000.0, 29), (0, 0.03, 0.06, 0.1, 0.2, 0.4, 0.8, 1.2, 1.6, 2.0)
_HARMONIC_EDGES = np.array([0, 0.75, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 8.5, 10.5, 14.5, 20.5, 30.5])
_HARMONIC_SPANS_S = (0, 0.06, 0.2, 0.6, 1.2, 2.0)


def features(wave: np.ndarray, sample_rate: int) -> np.ndarray:
    """FEATURES of a note that is not silent: float64 [features].

    Centroid and bandwidth in octaves above 1 Hz; the level of a band in dB of the whole; the attack as the binary
    logarithm of the seconds from 10 to 90 % of the loudest frame's amplitude; the decay as the dB lost in the half
    second after it.
    """
    power, hertz = _spectra(wave, sample_rate)
    share = power.sum(axis=0) / power.sum()
    centroid = float(share @ hertz)
    bandwidth = np.sqrt(share @ (hertz - centroid) ** 2)
    bands = _decibels(_sums(share, np.searchsorted(hertz, _FEATURE_EDGES_HZ), axis=0))
    return np.array([np.log2(centroid), np.log2(bandwidth + 1), *bands, *_envelope(np.sqrt(power.sum(axis=1)))])


def feature_vector(wave: np.ndarray, pitch: int, sample_rate: int) -> np.ndarray:
    """Levels of bands over time in dB below the loudest, for a classifier: float64 [levels].

    It does not depend on the note's loudness. Notes to compare must be equally long.
    """
    power, hertz = _spectra(wave, sample_rate)
    fine = _levels(power, np.searchsorted(hertz, _BAND_EDGES_HZ), _BAND_SPANS_S)
    harmonics = _levels(power, np.searchsorted(hertz, hertz_of(pitch) * _HARMONIC_EDGES), _HARMONIC_SPANS_S)
    return np.concatenate([fine, harmonics])


def spread(rows: np.ndarray, pitches: np.ndarray) -> np.ndarray:
    """Standard deviation of each column among the notes of one pitch, pooled over the pitches: [columns].

    Args:
        rows: [n, columns].
        pitches: [n].

    Raises:
        ValueError: no pitch has two notes.
    """
    groups = [rows[pitches == pitch] for pitch in np.unique(pitches)]
    free = len(rows) - len(groups)
    if free < 1:
        raise ValueError(f"{len(rows)} notes at {len(groups)} pitches have no spread; it needs two notes of one pitch")
    return np.sqrt(sum(((group - group.mean(axis=0)) ** 2).sum(axis=0) for group in groups) / free)


def _spectra(wave: np.ndarray, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Power without DC [frames, bins], and the bins' frequencies in hertz; frame i is centred on i * HOP_S."""
    size, hop = round(FRAME_S * sample_rate), round(HOP_S * sample_rate)
    frames = stft.centred_frames(np.asarray(wave, np.float32), size, hop)
    window = stft.hann_periodic(size).astype(np.float32)
    power = stft.magnitudes(frames, window)[:, 1:].astype(np.float64) ** 2 + 1e-12
    return power, np.arange(1, power.shape[1] + 1) * sample_rate / size


def _sums(values: np.ndarray, edges: np.ndarray, axis: int) -> np.ndarray:
    """Sums of the values from each edge to the next; an edge past the end counts as the end."""
    start = np.zeros_like(np.take(values, [0], axis))
    running = np.concatenate([start, np.cumsum(values, axis)], axis)
    return np.diff(np.take(running, np.minimum(edges, values.shape[axis]), axis), axis=axis)


def _levels(power: np.ndarray, bin_edges: np.ndarray, spans_s: tuple[float, ...]) -> np.ndarray:
    """Mean power per span and band, in dB below the loudest, as one row."""
    frames = np.round(np.array(spans_s) / HOP_S).astype(int)
    sums = _sums(_sums(power, bin_edges, axis=1), frames, axis=0)
    means = sums / np.maximum(np.diff(np.minimum(frames, len(power))), 1)[:, None]
    return _decibels(means / max(means.max(), 1e-20)).ravel()


def _envelope(levels: np.ndarray) -> tuple[float, float]:
    """Attack and decay of a note from the amplitudes of its frames."""
    top = int(np.argmax(levels))
    start, end = (int(np.argmax(levels >= share * levels[top])) for share in (_RISEN_FROM, _RISEN_TO))
    later = levels[min(len(levels) - 1, top + round(_DECAY_S / HOP_S))] / levels[top]
    return float(np.log2((end - start + 1) * HOP_S)), -float(_decibels(later**2))


def _decibels(power: np.ndarray) -> np.ndarray:
    return np.maximum(10 * np.log10(np.maximum(power, 1e-20)), FLOOR_DB)
