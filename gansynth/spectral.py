"""Wave <-> spectrogram, as GANSynth learns it: pure functions in keras.ops.

A specgram is [n, time, frequency, 2]: log magnitude, and phase as instantaneous frequency (the step of the phase from
frame to frame, in units of pi), on a mel or a linear frequency axis; data type "phase" keeps the phase itself.
Source: Engel et al. 2019 and Magenta's gansynth/lib/{spectral_ops,specgrams_helper}.py. Its two oddities are kept,
since checkpoints were trained with them: the mel matrix's bin frequencies start at 0 although the spectrum has lost
its DC bin, and all padding stands before the sound.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from keras import ops

from gansynth.config import Config

Tensor = Any
EPSILON = 1e-6
_MEL_BREAK_HZ, _MEL_Q = 700.0, 1127.0


def specgrams_to_waves(specgrams: Tensor, config: Config, length: int | None = None) -> Tensor:
    """[n, frames, frequencies, 2] -> waves [n, length].

    `length` samples need `needed_frames` frames; None: the whole sound from all frames.
    """
    magnitude, phase = _polar(specgrams, config)
    real, imaginary = magnitude * ops.cos(phase), magnitude * ops.sin(phase)
    with_dc = ((0, 0), (0, 0), (1, 0))
    frames = ops.irfft((ops.pad(real, with_dc), ops.pad(imaginary, with_dc)), config.frame_length)
    wave = _overlap_add(frames * _synthesis_window(config.frame_length), config.hop)
    length = config.audio_length if length is None else length
    return wave[:, config.padding : config.padding + length]


def faded_in(waves: Tensor, config: Config) -> Tensor:
    """Waves [n, length] that rise from 0 over the config's fade_in_s.

    A spectrogram's frames are longer than a note's onset, so that some sound comes before it; cut off at the start of
    the note, it clicks.
    """
    count = round(config.fade_in_s * config.sample_rate)
    if not count:
        return waves
    rise = (0.5 - 0.5 * np.cos(np.pi * np.arange(count) / count)).astype(np.float32)
    return ops.concatenate([waves[:, :count] * rise, waves[:, count:]], axis=1)


def waves_to_specgrams(waves: Tensor, config: Config) -> Tensor:
    """Waves [n, audio_length] -> [n, frames, frequencies, 2], the representation a network is trained on."""
    padded = ops.pad(ops.cast(waves, "float32"), ((0, 0), (config.padding, 0)))
    starts = np.arange(config.frames)[:, None] * config.hop + np.arange(config.frame_length)
    framed = ops.take(padded, starts, axis=1) * hann(config.frame_length)
    real, imaginary = (part[:, :, 1:] for part in ops.rfft(framed, config.frame_length))
    log_magnitude = ops.log(ops.sqrt(ops.square(real) + ops.square(imaginary)) + EPSILON)
    angle = ops.arctan2(imaginary, real)
    if config.data_type == "phase":
        return ops.stack([log_magnitude, angle / np.pi], axis=-1)
    phase = np.pi * ops.cumsum(instantaneous_frequency(angle), axis=1)
    if config.data_type == "mel":
        matrix = mel_matrix(config.frequencies, config.sample_rate)
        log_magnitude = ops.log(ops.matmul(ops.exp(2.0 * log_magnitude), matrix.astype(np.float32)) + EPSILON)
        phase = ops.matmul(phase, matrix.astype(np.float32))
    return ops.stack([log_magnitude, instantaneous_frequency(phase)], axis=-1)


def needed_frames(length: int, config: Config) -> int:
    """How many frames touch the first `length` samples of the sound."""
    return min(config.frames, max(1, -(-(length + config.padding) // config.hop)))


def instantaneous_frequency(phase: Tensor) -> Tensor:
    """Phase [n, time, frequency] in radians -> its wrapped steps in time, in units of pi; frame 0 keeps the phase."""
    step = phase[:, 1:] - phase[:, :-1]
    wrapped = ops.mod(step + np.pi, 2 * np.pi) - np.pi
    wrapped = ops.where(ops.logical_and(wrapped <= -np.pi, step > 0), -wrapped, wrapped)
    return ops.concatenate([phase[:, :1], wrapped], axis=1) / np.pi


@lru_cache(maxsize=4)
def mel_matrix(bins: int, sample_rate: int) -> np.ndarray:
    """Linear to mel: float64 [bins, bins].

    A triangle narrower than 1.5 bins is widened, one after the other, in one array of edges. Since the upper edge of a
    triangle is also the next one's centre, the low triangles drift upward; checkpoints were trained with that too.
    """
    nyquist = sample_rate / 2.0
    resolution = nyquist / bins
    edges = np.linspace(_mel(0.0), _mel(nyquist), bins + 2)
    for i in range(bins):
        lower, center, upper = _hertz(edges[i : i + 3])
        if upper - lower < 1.5 * resolution:
            half = _MEL_Q * np.arcsinh(0.75 * resolution / (center + _MEL_BREAK_HZ))
            edges[i], edges[i + 2] = edges[i + 1] - half, edges[i + 1] + half
    frequencies = np.linspace(0.0, nyquist, bins)[:, None]
    lower, center, upper = _hertz(edges[:-2]), _hertz(edges[1:-1]), _hertz(edges[2:])
    rising = (frequencies - lower) / (center - lower)
    falling = (upper - frequencies) / (upper - center)
    matrix = np.maximum(0.0, np.minimum(rising, falling))
    matrix[0] = 0.0
    return matrix


@lru_cache(maxsize=4)
def inverse_mel_matrix(bins: int, sample_rate: int) -> np.ndarray:
    """Mel to linear, approximately: the transpose, rescaled. float64 [bins, bins]."""
    matrix = mel_matrix(bins, sample_rate)
    weight = (matrix @ matrix.T).sum(axis=0)
    return matrix.T * np.where(np.abs(weight) > 1e-8, 1.0 / np.where(weight == 0, 1.0, weight), weight)


def hann(length: int) -> np.ndarray:
    """Periodic Hann window, float32 [length]."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)).astype(np.float32)


def _polar(specgrams: Tensor, config: Config) -> tuple[Tensor, Tensor]:
    """Magnitude and phase in radians on the linear frequency axis, each [n, time, frequency].

    Magenta wraps the phase's steps and sums them up once more here; that changes the phase by whole turns only.
    """
    level, phase = specgrams[..., 0], specgrams[..., 1] * np.pi
    if config.data_type != "phase":
        phase = ops.cumsum(phase, axis=1)
    if config.data_type != "mel":
        return ops.exp(level), phase
    inverse = inverse_mel_matrix(config.frequencies, config.sample_rate).astype(np.float32)
    return ops.sqrt(_banded(ops.exp(level), inverse) + EPSILON), _banded(phase, inverse)


def _banded(x: Tensor, matrix: np.ndarray, pieces: int = 8) -> Tensor:
    """Product of x and a matrix, leaving out the zeros away from its diagonal: a quarter of the work."""
    products = []
    for part in np.array_split(matrix, pieces, axis=1):
        used = np.flatnonzero(part.any(axis=1))
        first, end = (used[0], used[-1] + 1) if len(used) else (0, 1)
        products.append(ops.matmul(x[..., first:end], part[first:end]))
    return ops.concatenate(products, axis=-1)


def _synthesis_window(length: int) -> np.ndarray:
    """The window that undoes a Hann analysis window when frames overlap by three quarters."""
    window = hann(length)
    return window / np.tile((window**2).reshape(4, -1).sum(axis=0), 4)


def _overlap_add(frames: Tensor, hop: int) -> Tensor:
    """[n, count, 4 hop] -> [n, (count + 3) hop]."""
    _, count, length = frames.shape
    quarters = ops.reshape(frames, (-1, count, 4, hop))
    parts = [ops.pad(quarters[:, :, i], ((0, 0), (i, 3 - i), (0, 0))) for i in range(4)]
    return ops.reshape(sum(parts[1:], parts[0]), (-1, count * hop + length - hop))


def _mel(hertz: Any) -> Any:
    return _MEL_Q * np.log1p(np.asarray(hertz) / _MEL_BREAK_HZ)


def _hertz(mel: Any) -> Any:
    return _MEL_BREAK_HZ * np.expm1(np.asarray(mel) / _MEL_Q)
