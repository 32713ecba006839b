"""The distance of sounds by their spectra at several lengths.

Source: Yamamoto et al. 2020, Parallel WaveGAN: spectral convergence and the difference of logarithms. Convergence is
measured for a whole batch: a silent sound among others must not count more than they do, or a network learns silence.
"""

from keras import ops

from core.training.trees import Tensor

# Samples of a spectrum; each begins a quarter of that after the one before.
LENGTHS = (256, 512, 1024, 2048)
# Magnitudes below it are silence: 0.01 is 80 dB below a loud tone.
_SILENCE, _SMALL = 1e-2, 1e-9


def distance(real: Tensor, fake: Tensor) -> Tensor:
    """The mean distance of sounds [n, samples]."""
    total = 0.0
    for length in LENGTHS:
        wanted, found = _magnitudes(real, length), _magnitudes(fake, length)
        convergence = ops.sqrt(ops.sum(ops.square(wanted - found)) / (ops.sum(ops.square(wanted)) + 1.0) + _SMALL)
        logarithms = ops.mean(ops.abs(ops.log(wanted + _SILENCE) - ops.log(found + _SILENCE)))
        total = total + convergence + logarithms
    return total / len(LENGTHS)


def _magnitudes(x: Tensor, length: int) -> Tensor:
    """Magnitudes [n, frames, frequencies], which have gradients at 0 too."""
    real, imaginary = ops.stft(x, length, length // 4, length, window="hann", center=True)
    return ops.sqrt(ops.square(real) + ops.square(imaginary) + _SMALL)
