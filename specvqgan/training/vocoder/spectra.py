"""The distance of sounds by their spectra at several lengths.

Source: Yamamoto et al. 2020, Parallel WaveGAN: spectral convergence and the difference of logarithms.
"""

from keras import ops

from core.training.trees import Tensor

# Samples of a spectrum; each begins a quarter of that after the one before.
LENGTHS = (256, 512, 1024, 2048)
_SMALL = 1e-5


def distance(real: Tensor, fake: Tensor) -> Tensor:
    """The mean distance of sounds [n, samples]."""
    total = 0.0
    for length in LENGTHS:
        wanted, found = _magnitudes(real, length), _magnitudes(fake, length)
        missing = ops.sqrt(ops.sum(ops.square(wanted - found), axis=(1, 2)) + _SMALL)
        convergence = missing / (ops.sqrt(ops.sum(ops.square(wanted), axis=(1, 2))) + 0.1)
        logarithms = ops.mean(ops.abs(ops.log(wanted + _SMALL * 100) - ops.log(found + _SMALL * 100)))
        total = total + ops.mean(convergence) + logarithms
    return total / len(LENGTHS)


def _magnitudes(x: Tensor, length: int) -> Tensor:
    """Magnitudes [n, frames, frequencies], which have gradients at 0 too."""
    real, imaginary = ops.stft(x, length, length // 4, length, window="hann", center=True)
    return ops.sqrt(ops.square(real) + ops.square(imaginary) + _SMALL**2)
