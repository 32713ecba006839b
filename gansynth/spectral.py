"""Wave <-> spectrogram, as GANSynth learns it: pure functions over `core.nn.ops`.

A specgram is [n, time, frequency, 2]: log magnitude, and phase as instantaneous frequency (the step of the phase from
frame to frame, in units of pi), on a mel or a linear frequency axis; data type "phase" keeps the phase itself, and
"complex_mel", which is ours, is described in gansynth/complex_mel.py.
Source: Engel et al. 2019 and Magenta's gansynth/lib/{spectral_ops,specgrams_helper}.py. Its two oddities are kept,
since checkpoints were trained with them: the mel matrix's bin frequencies start at 0 although the spectrum has lost
its DC bin, and all padding stands before the sound.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from core.audio.stft import hann_periodic
from core.nn.ops import Ops, Tensor
from gansynth import complex_mel
from gansynth.config import Config

Columns = tuple[list[np.ndarray], list[np.ndarray]]
EPSILON = 1e-6
# Frames that overlap with the next one.
OVERLAPPING = 3
_MEL_BREAK_HZ, _MEL_Q = 700.0, 1127.0


def specgrams_to_waves(ops: Ops, specgrams: Tensor, config: Config, length: int | None = None) -> Tensor:
    """[n, frames, frequencies, 2] -> waves [n, length].

    `length` samples need `needed_frames` frames; None: the whole sound from all frames.
    """
    wave = overlap_add(ops, windowed_frames(ops, specgrams, config)[0], config.hop)
    if config.consistent_phases:
        wave = overlap_add(ops, consistent_frames(ops, specgrams[..., 0], wave, config), config.hop)
    length = config.audio_length if length is None else length
    return wave[:, config.padding : config.padding + length]


def windowed_frames(
    ops: Ops, specgrams: Tensor, config: Config, phase: Tensor | None = None
) -> tuple[Tensor, Tensor | None]:
    """[n, count, frequencies, 2] -> frames of sound [n, count, frame_length], ready to be added up with `overlap_add`.

    Args:
        ops: what computes them: NumPy's, where the config has `phase_locking`.
        specgrams: all frames, or the next ones of a sound.
        config: gives the sizes and the data type.
        phase: what this function returned with the frames before; None: these are the first.

    Returns:
        The frames, and what the next ones start from: the phase summed up so far, [n, 1, frequencies]; None where the
        data type needs no frame to know the next.
    """
    if config.data_type == "complex_mel":
        level, steps = specgrams[..., 0], specgrams[..., 1] * np.pi
        following: Tensor
        if config.phase_locking:
            phases, following = complex_mel.locked(level, steps, config.phase_locking, phase)
        else:
            phases, following = _summed(ops, steps, phase)
        return complex_mel.synthesised(ops, level, phases, config.sample_rate), following
    magnitude, phase, following = _polar(ops, specgrams, config, phase)
    real, imaginary = magnitude * ops.cos(phase), magnitude * ops.sin(phase)
    with_dc = ((0, 0), (0, 0), (1, 0))
    frames = ops.irfft((ops.pad(real, with_dc), ops.pad(imaginary, with_dc)), config.frame_length)
    return frames * _synthesis_window(config.frame_length), following


def consistent_frames(ops: Ops, level: Tensor, wave: Tensor, config: Config) -> Tensor:
    """Frames with the levels of a complex_mel, and the phases of the sound that it makes.

    Args:
        ops: what computes them.
        level: [n, count, frequencies].
        wave: the sound without these phases, [n, (count + OVERLAPPING) * hop].
        config: gives the sizes.

    Returns:
        [n, count, frame_length], ready to be added up with `overlap_add`.
    """
    return complex_mel.consistent(ops, level, _framed(ops, wave, level.shape[1], config), config.sample_rate)


def faded_in(ops: Ops, waves: Tensor, config: Config) -> Tensor:
    """Waves [n, length] that rise from 0 over the config's fade_in_s.

    A spectrogram's frames are longer than a note's onset, so that some sound comes before it; cut off at the start of
    the note, it clicks.
    """
    rise = fade_in(config)[: waves.shape[1]]
    if not len(rise):
        return waves
    return ops.concatenate([waves[:, : len(rise)] * rise, waves[:, len(rise) :]], axis=1)


def fade_in(config: Config) -> np.ndarray:
    """The gains of a note's first fade_in_s, from 0, float32 [samples]."""
    count = round(config.fade_in_s * config.sample_rate)
    return (0.5 - 0.5 * np.cos(np.pi * np.arange(count) / max(count, 1))).astype(np.float32)


def waves_to_specgrams(ops: Ops, waves: Tensor, config: Config) -> Tensor:
    """Waves [n, audio_length] -> [n, frames, frequencies, 2], the representation a network is trained on."""
    padded = ops.pad(ops.cast(waves, "float32"), ((0, 0), (config.padding, 0)))
    framed = _framed(ops, padded, config.frames, config)
    if config.data_type == "complex_mel":
        level, angle = complex_mel.analysed(ops, framed, config.sample_rate)
        return ops.stack([level, instantaneous_frequency(ops, angle)], axis=-1)
    framed = framed * hann_periodic(config.frame_length).astype(np.float32)
    real, imaginary = (part[:, :, 1:] for part in ops.rfft(framed, config.frame_length))
    log_magnitude = ops.log(ops.sqrt(ops.square(real) + ops.square(imaginary)) + EPSILON)
    angle = ops.arctan2(imaginary, real)
    if config.data_type == "phase":
        return ops.stack([log_magnitude, angle / np.pi], axis=-1)
    phase = np.pi * ops.cumsum(instantaneous_frequency(ops, angle), axis=1)
    if config.data_type == "mel":
        matrix = _columns(mel_matrix, config.frequencies, config.sample_rate)
        log_magnitude = ops.log(_multiplied(ops, ops.exp(2.0 * log_magnitude), matrix) + EPSILON)
        phase = _multiplied(ops, phase, matrix)
    return ops.stack([log_magnitude, instantaneous_frequency(ops, phase)], axis=-1)


def needed_frames(length: int, config: Config) -> int:
    """How many frames the first `length` samples of the sound depend on."""
    count = max(1, -(-(length + config.padding) // config.hop)) + (OVERLAPPING if config.consistent_phases else 0)
    return min(config.frames, count)


def instantaneous_frequency(ops: Ops, phase: Tensor) -> Tensor:
    """Phase [n, time, frequency] in radians -> its wrapped steps in time, in units of pi; frame 0 keeps the phase."""
    step = phase[:, 1:] - phase[:, :-1]
    wrapped = ops.mod(step + np.pi, 2 * np.pi) - np.pi
    wrapped = ops.where(ops.logical_and(wrapped <= -np.pi, step > 0), -wrapped, wrapped)
    return ops.concatenate([phase[:, :1], wrapped], axis=1) / np.pi


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


def mel_frequencies_hz(bins: int, sample_rate: int) -> np.ndarray:
    """The middles of a mel matrix's triangles in Hz, without its drift: float64 [bins]."""
    return np.asarray(_hertz(np.linspace(_mel(0.0), _mel(sample_rate / 2.0), bins + 2)[1:-1]))


def inverse_mel_matrix(bins: int, sample_rate: int) -> np.ndarray:
    """Mel to linear, approximately: the transpose, rescaled. float64 [bins, bins]."""
    matrix = mel_matrix(bins, sample_rate)
    weight = matrix @ matrix.sum(axis=0)
    return matrix.T * np.where(np.abs(weight) > 1e-8, 1.0 / np.where(weight == 0, 1.0, weight), weight)


@lru_cache(maxsize=8)
def _columns(matrix: Callable[[int, int], np.ndarray], bins: int, sample_rate: int) -> Columns:
    """What is not 0 in each column of a mel matrix: a list of rows and one of float32 values, each [out].

    There are as many as in the fullest column; in the others the last values are 0.
    """
    values = matrix(bins, sample_rate)
    used = values != 0
    rows = np.argsort(~used, axis=0, kind="stable")[: max(1, used.sum(axis=0).max())]
    return list(rows), list(np.take_along_axis(values, rows, axis=0).astype(np.float32))


def _framed(ops: Ops, wave: Tensor, count: int, config: Config) -> Tensor:
    """A wave [n, samples] -> its first frames, [n, count, frame_length]."""
    starts = np.arange(count)[:, None] * config.hop + np.arange(config.frame_length)
    return ops.take(wave, starts, axis=1)


def _polar(ops: Ops, specgrams: Tensor, config: Config, before: Tensor | None) -> tuple[Tensor, Tensor, Tensor | None]:
    """Magnitude and phase in radians on the linear frequency axis, each [n, time, frequency]; then the last sum.

    Magenta wraps the phase's steps and sums them up once more here; that changes the phase by whole turns only.
    """
    level, phase, last = specgrams[..., 0], specgrams[..., 1] * np.pi, None
    if config.data_type != "phase":
        phase, last = _summed(ops, phase, before)
    if config.data_type != "mel":
        return ops.exp(level), phase, last
    inverse = _columns(inverse_mel_matrix, config.frequencies, config.sample_rate)
    return ops.sqrt(_multiplied(ops, ops.exp(level), inverse) + EPSILON), _multiplied(ops, phase, inverse), last


def _summed(ops: Ops, steps: Tensor, before: Tensor | None) -> tuple[Tensor, Tensor]:
    """Running sums of phase steps [n, time, frequency], from the sum before them on; and the last one."""
    if before is None:
        sums = ops.cumsum(steps, axis=1)
    else:
        # In the order of one sum from the first frame, so that not a bit depends on where the blocks end.
        sums = ops.cumsum(ops.concatenate([before, steps], axis=1), axis=1)[:, 1:]
    return sums, sums[:, -1:]


def _multiplied(ops: Ops, x: Tensor, columns: Columns) -> Tensor:
    """Product of x [..., in] with a matrix [in, out], of which only a few values in each column are not 0."""
    parts = [ops.take(x, rows, axis=-1) * values for rows, values in zip(*columns, strict=True)]
    return sum(parts[1:], parts[0])


@lru_cache(maxsize=8)
def _synthesis_window(length: int) -> np.ndarray:
    """The window that undoes a Hann analysis window when frames overlap by three quarters."""
    window = hann_periodic(length).astype(np.float32)
    return window / np.tile((window**2).reshape(4, -1).sum(axis=0), 4)


def overlap_add(ops: Ops, frames: Tensor, hop: int) -> Tensor:
    """Frames [n, count, 4 hop], each a hop after the one before -> their sum [n, (count + 3) hop]."""
    _, count, length = frames.shape
    quarters = ops.reshape(frames, (-1, count, 4, hop))
    parts = [ops.pad(quarters[:, :, i], ((0, 0), (i, 3 - i), (0, 0))) for i in range(4)]
    return ops.reshape(sum(parts[1:], parts[0]), (-1, count * hop + length - hop))


def _mel(hertz: Any) -> Any:
    return _MEL_Q * np.log1p(np.asarray(hertz) / _MEL_BREAK_HZ)


def _hertz(mel: Any) -> Any:
    return _MEL_BREAK_HZ * np.expm1(np.asarray(mel) / _MEL_Q)
