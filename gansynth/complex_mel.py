"""A mel spectrum that keeps the sound: channels on a mel scale, each the signal in a Hann window of its own length.

Data type "complex_mel". Magenta's mel round trip averages unwrapped phases, which loses most of the wave above a few
kilohertz. Here a channel is a complex number, the Fourier coefficient at the channel's frequency, with its time origin
in the middle of the frame. Where channels are further apart than the bins of the Fourier transform, the window is
shorter in proportion, so that nothing is lost between them: a frame in the sense of frame theory, which the dual
windows invert (Balazs et al. 2011, "Theory, implementation and applications of nonstationary Gabor frames").

Both ways are products of a frame's spectrum with a real matrix, in which only a few values near the diagonal count.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.nn.ops import Ops, Tensor

# Steps of the scale are constant in Hz below this frequency, and proportional to frequency above it.
BREAK_HZ = 3000.0
# Power below which a channel is silent: 85 dB under a tone at full scale in frames of 1024 samples.
FLOOR = 1e-4
# Values of a matrix smaller than this share of their channel's largest are left out.
_NEGLIGIBLE = 3e-3
# Below any power that is heard; a channel without sound has no phase, and stays silent.
_TINY = 1e-12
_HOPS = 4


@dataclass(frozen=True, eq=False)
class SparseMatrix:
    """A matrix [in, out] of which only a few values in each column are not 0.

    Attributes:
        rows: int [most, out], where they are; a column with fewer than the most has other rows as well.
        values: float32 [most, out], 0 in those.
    """

    rows: np.ndarray
    values: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray) -> "SparseMatrix":
        """The matrix with these values [in, out]."""
        used = values != 0
        rows = np.argsort(~used, axis=0, kind="stable")[: max(1, used.sum(axis=0).max())]
        return cls(rows, np.take_along_axis(values, rows, axis=0).astype(np.float32))

    def after(self, ops: Ops, x: Tensor) -> Tensor:
        """The product of x [n, in, count] and the matrix: [n, out, count].

        Summed value by value, so that no result depends on how many others are computed with it, nor on the precision
        in which a GPU multiplies matrices.
        """
        pairs = zip(self.rows, self.values, strict=True)
        terms = [ops.take(x, rows, axis=1) * values[:, None] for rows, values in pairs]
        return sum(terms[1:], terms[0])


def analysed(ops: Ops, frames: Tensor, sample_rate: int) -> tuple[Tensor, Tensor]:
    """Frames of samples [n, count, length], not windowed -> log power and phase, each [n, count, length / 2]."""
    real, imaginary = _coefficients(ops, frames, sample_rate)
    return ops.log(ops.square(real) + ops.square(imaginary) + FLOOR), ops.arctan2(imaginary, real)


def synthesised(ops: Ops, level: Tensor, phase: Tensor, sample_rate: int) -> Tensor:
    """Log power and phase in radians [n, count, channels] -> frames of samples [n, count, 2 channels], windowed.

    Each frame begins a quarter of its length after the one before.
    """
    magnitude = _magnitude(ops, level)
    return _frames(ops, magnitude * ops.cos(phase), magnitude * ops.sin(phase), sample_rate)


def consistent(ops: Ops, level: Tensor, frames: Tensor, sample_rate: int) -> Tensor:
    """As `synthesised`, with the phases of a sound in place of given ones.

    Phases of a network fit neither those of the next channel nor those of the next frame exactly, so that what overlaps
    is partly cancelled. Those of the sound that they make do fit. With them and the network's levels the sound is as
    loud as it should be: one iteration of Griffin and Lim 1984.

    Args:
        ops: what computes it.
        level: log power [n, count, channels].
        frames: of the sound, not windowed, [n, count, 2 channels].
        sample_rate: Hz.
    """
    real, imaginary = _coefficients(ops, frames, sample_rate)
    gain = _magnitude(ops, level) / ops.sqrt(ops.square(real) + ops.square(imaginary) + _TINY)
    return _frames(ops, gain * real, gain * imaginary, sample_rate)


def locked(
    level: np.ndarray, steps: np.ndarray, width: float, before: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Phases from their steps, where channels that share a partial stay in phase; those of recordings are already.

    A partial spans several channels, whose phases are the same, since their origin is the middle of the frame. Small
    errors in the steps of each add up until they cancel each other: the partial becomes soft and rough. So each frame's
    phases are averaged as complex numbers, a channel's with its neighbours', before the next step. After the phase
    locking of phase vocoders (Puckette 1995).

    Args:
        level: log power [n, count, channels].
        steps: of the phase from frame to frame, in radians, of the same shape.
        width: of the average, a normal curve's deviation in channels.
        before: the phases of the frame before, [n, 1, channels]; None: there is none.

    Returns:
        Phases [n, count, channels], and the last frame's.
    """
    reach = max(1, math.ceil(3 * width))
    sides = [math.exp(-0.5 * (i / width) ** 2) for i in range(1, reach + 1)]
    moved = np.exp(0.5 * level) * _turn(steps)
    phases = np.empty_like(steps)
    turn = np.ones((1, 1), np.complex64) if before is None else _turn(before[:, 0])
    for frame in range(steps.shape[1]):
        one = moved[:, frame] * turn
        total = one.copy()
        for i, share in enumerate(sides, 1):
            total[:, i:] += share * one[:, :-i]
            total[:, :-i] += share * one[:, i:]
        turn = total / np.maximum(np.abs(total), 1e-20)
        phases[:, frame] = np.angle(turn)
    return phases, phases[:, -1:]


def _turn(phase: np.ndarray) -> np.ndarray:
    """Complex numbers of magnitude 1 with these phases: complex64."""
    found = np.empty(phase.shape, np.complex64)
    found.real, found.imag = np.cos(phase), np.sin(phase)
    return found


def frequencies_hz(channels: int, sample_rate: int) -> np.ndarray:
    """The channels' frequencies, from just above 0 to just below half the sample rate: float64 [channels]."""
    top = np.log1p(sample_rate / 2.0 / BREAK_HZ)
    return BREAK_HZ * np.expm1(top * (np.arange(channels) + 0.5) / channels)


@lru_cache(maxsize=4)
def analysis_matrix(channels: int, sample_rate: int) -> SparseMatrix:
    """From a frame's spectrum [channels + 1] to the channels: the windows' own spectra.

    A tone at a channel's frequency has the magnitude that it would have in a spectrum with a Hann window as long as
    the frame.
    """
    return SparseMatrix.of(_matrices(channels, sample_rate)[0])


@lru_cache(maxsize=4)
def synthesis_matrix(channels: int, sample_rate: int) -> SparseMatrix:
    """From the channels to a frame's spectrum [channels + 1]: the spectra of the dual windows."""
    return SparseMatrix.of(_matrices(channels, sample_rate)[1])


def _matrices(channels: int, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    length, centres = 2 * channels, frequencies_hz(channels, sample_rate)
    steps = np.gradient(centres) * length / sample_rate
    windows = _hann(np.minimum(1.0, 1.0 / steps), length)
    overlapping = sum(np.roll(windows**2, i * length // _HOPS, axis=1) for i in range(_HOPS))
    gains = length / 2 / windows.sum(axis=1, keepdims=True)
    turns = np.exp(2j * np.pi * (centres / sample_rate)[:, None] * (np.arange(length) - length // 2))
    analysis = _spectra(gains * windows * turns) / length
    synthesis = _spectra(steps[:, None] / gains * windows / overlapping * turns)
    # What analysis and synthesis leave of each bin, the sum over overlapping frames, has to be 1.
    left = np.maximum(_HOPS * (analysis * synthesis).sum(axis=0), 0.3 * length / channels / 2)
    return analysis.T, synthesis / left


def _hann(shares: np.ndarray, length: int) -> np.ndarray:
    """Hann windows that last these shares [n] of a frame, in its middle: [n, length]."""
    places = (np.arange(length) - length // 2)[None] / (shares * length)[:, None]
    return np.where(np.abs(places) < 0.5, 0.5 + 0.5 * np.cos(2 * np.pi * places), 0.0)


def _spectra(functions: np.ndarray) -> np.ndarray:
    """Spectra of functions [n, length] symmetric around the frame's middle: real [n, length / 2 + 1]."""
    length = functions.shape[1]
    spectra = np.fft.fft(np.fft.ifftshift(functions, axes=1), axis=1).real[:, : length // 2 + 1]
    return np.where(np.abs(spectra) < _NEGLIGIBLE * np.abs(spectra).max(axis=1, keepdims=True), 0.0, spectra)


def _coefficients(ops: Ops, frames: Tensor, sample_rate: int) -> tuple[Tensor, Tensor]:
    """Frames of samples [n, count, length] -> real and imaginary parts of the channels, [n, count, length / 2]."""
    length = frames.shape[-1]
    matrix, sign = analysis_matrix(length // 2, sample_rate), _alternating(length // 2)
    real, imaginary = (_turned(ops, part * sign) for part in ops.rfft(frames, length))
    return _turned(ops, matrix.after(ops, real)), _turned(ops, matrix.after(ops, imaginary))


def _frames(ops: Ops, real: Tensor, imaginary: Tensor, sample_rate: int) -> Tensor:
    """Real and imaginary parts of the channels [n, count, channels] -> windowed frames of samples."""
    channels = real.shape[-1]
    matrix, sign = synthesis_matrix(channels, sample_rate), _alternating(channels)
    parts = (_turned(ops, matrix.after(ops, _turned(ops, part))) * sign for part in (real, imaginary))
    return ops.irfft(tuple(parts), 2 * channels)


def _magnitude(ops: Ops, level: Tensor) -> Tensor:
    return ops.sqrt(ops.maximum(ops.exp(level) - FLOOR, 0.0))


def _turned(ops: Ops, x: Tensor) -> Tensor:
    """[n, a, b] -> [n, b, a], in the order in which `take` is fast."""
    _, first, second = x.shape
    flat = ops.reshape(ops.transpose(x, (0, 2, 1)), (-1, first * second))
    return ops.reshape(flat, (-1, second, first))


def _alternating(channels: int) -> np.ndarray:
    """1, -1, 1, ...: moves the time origin of a spectrum [channels + 1] to the middle of the frame."""
    return (1.0 - 2.0 * (np.arange(channels + 1) % 2)).astype(np.float32)
