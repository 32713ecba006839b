"""YIN: the pitch of a sound from moment to moment (de Cheveigne and Kawahara 2002)."""

import numpy as np
import scipy.fft

from core.audio import stft

_TROUGH = 0.1
_TINY = np.finfo(np.float32).tiny


def pitches_hz(wave: np.ndarray, sample_rate: int, low_hz: float, high_hz: float, size: int, hop: int) -> np.ndarray:
    """The pitch around each moment, in Hz, float [frames]; there is silence of half a frame around the sound.

    Args:
        wave: float [samples].
        sample_rate: in Hz.
        low_hz: the lowest pitch that is looked for.
        high_hz: the highest.
        size: samples of a frame.
        hop: samples from one to the next.
    """
    frames = stft.frames(np.pad(np.asarray(wave, np.float32), size // 2), size, hop)
    least, most = int(sample_rate // high_hz), min(int(np.ceil(sample_rate / low_hz)), size - 1)
    differences = _normalised_differences(frames, least, most)
    shifts = parabolic_shifts(differences)
    period = _first_trough(differences)
    found: np.ndarray = sample_rate / (least + period + np.take_along_axis(shifts, period[:, None], axis=1)[:, 0])
    return found


def _normalised_differences(frames: np.ndarray, least: int, most: int) -> np.ndarray:
    """Equation 8 for the periods `least` to `most`, float32 [frames, periods]."""
    size = frames.shape[1]
    length = scipy.fft.next_fast_len(2 * size - 1, real=True)
    power = np.square(np.abs(scipy.fft.rfft(frames, length, axis=1)))
    correlation = scipy.fft.irfft(power, length, axis=1)[:, : most + 1]
    energy = np.cumsum(np.square(frames), axis=1)[:, :most]
    differences = 2 * (correlation[:, :1] - correlation[:, 1:]) - energy
    mean = np.cumsum(differences, axis=1) / np.arange(1, most + 1)
    return np.asarray(differences[:, least - 1 :] / (mean[:, least - 1 :] + _TINY), np.float32)


def parabolic_shifts(values: np.ndarray) -> np.ndarray:
    """How far from each value [n, places] the peak of the parabola through it and its neighbours is, in places.

    0 at both ends, and where the peak is more than a place away.
    """
    shifts = np.zeros_like(values)
    before, here, after = values[:, :-2], values[:, 1:-1], values[:, 2:]
    bend, slope = after + before - 2 * here, (after - before) / 2
    near = np.abs(slope) < np.abs(bend)
    np.divide(-slope, bend, out=shifts[:, 1:-1], where=near)
    return shifts


def _first_trough(values: np.ndarray) -> np.ndarray:
    """The place of the first minimum below the threshold, int [n], or else of the least value."""
    trough = np.zeros(values.shape, bool)
    trough[:, 1:-1] = (values[:, 1:-1] < values[:, :-2]) & (values[:, 1:-1] <= values[:, 2:])
    # As at both ends, where a neighbour is missing.
    trough[:, -1] = values[:, -1] < values[:, -2]
    trough[:, 0] = values[:, 0] < values[:, 1]
    trough &= values < _TROUGH
    return np.where(trough.any(axis=1), trough.argmax(axis=1), values.argmin(axis=1))
