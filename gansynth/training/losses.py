"""The losses of GANSynth's training: Wasserstein with gradient penalty, drift, labels, reconstruction; logistic.

Sources: Gulrajani et al. 2017 (WGAN-GP), Karras et al. 2018 (drift), Odena et al. 2017 (labels), as Magenta's gansynth
combines them; Goodfellow et al. 2014 (logistic). Spectrograms are [n, h, w, 2], normalised; scores [n, 1].
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from keras import ops

from core.nn.backend import value_and_gradients
from core.training.trees import Tensor
from gansynth import conditions
from gansynth.config import Config

# The weight of magnitudes: a decibel counts about as much as a hundredth of a turn.
MAGNITUDE = 3.0
# Frames and frequencies that share their energy in `energy_loss`.
PATCH = (4, 8)


@dataclass(frozen=True)
class LabelPart:
    """The columns `start` to `stop` of the label vectors, and the discriminator's head that predicts them.

    `exclusive`: exactly one of them is 1 (softmax); else each is 0 or 1 by itself (sigmoid).
    """

    head: str
    start: int
    stop: int
    exclusive: bool


def label_parts(config: Config) -> tuple[LabelPart, ...]:
    """The heads of the discriminator: pitch, then the conditions."""
    return tuple(
        LabelPart("classification", where.start, where.stop, True)
        if name == conditions.PITCH
        else LabelPart(name, where.start, where.stop, not conditions.CONDITIONS[name].several)
        for name, where in conditions.places(config).items()
    )


def label_loss(logits: Mapping[str, Tensor], labels: Tensor, parts: Sequence[LabelPart]) -> Tensor:
    """Cross-entropy of each head with its part of the label vectors [n, labels], summed over the heads.

    A part that is all zeros in a note, a condition that is not set, does not count for that note.
    """
    total = ops.zeros(())
    for part in parts:
        target, predicted = labels[:, part.start : part.stop], logits[part.head]
        loss = _softmax_loss if part.exclusive else _sigmoid_loss
        total = total + ops.mean(loss(target, predicted))
    return total


def _softmax_loss(target: Tensor, predicted: Tensor) -> Tensor:
    return -ops.sum(target * ops.log_softmax(predicted, axis=-1), axis=-1)


def _sigmoid_loss(target: Tensor, predicted: Tensor) -> Tensor:
    loss = ops.mean(ops.softplus(predicted) - target * predicted, axis=-1)
    return loss * ops.max(target, axis=-1)


def discriminator_loss(kind: str, real: Tensor, fake: Tensor) -> Tensor:
    """The discriminator's side of an adversarial loss, "wasserstein" or "logistic": real scores should be higher."""
    if kind == "logistic":
        return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))
    return ops.mean(fake) - ops.mean(real)


def generator_loss(kind: str, fake: Tensor) -> Tensor:
    """The generator's side of an adversarial loss: the scores of what it generates should be high."""
    return ops.mean(ops.softplus(-fake)) if kind == "logistic" else -ops.mean(fake)


def gradient_penalty(
    score: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, mix: Tensor, scale: np.ndarray, target: float
) -> Tensor:
    """How far the slope of the score is from `target`, between real and fake spectrograms: squared and averaged.

    Args:
        score: the discriminator.
        real: spectrograms.
        fake: as many generated ones.
        mix: [n, 1, 1, 1] in 0..1, the share of fake in each.
        scale: the slope is taken with respect to `scale` times the spectrograms' values (broadcasts against them).
            Magenta takes it where spectrograms are not normalised yet, and enlarged to full size.
        target: the wanted slope.
    """

    def total(specgrams: Tensor) -> tuple[Tensor, None]:
        return ops.sum(score(specgrams)), None

    _, gradient = value_and_gradients(total, ops.convert_to_tensor(real + mix * (fake - real)))
    slope = ops.sqrt(ops.sum(ops.square(gradient * scale), axis=(1, 2, 3)) + 1e-12)
    return ops.mean(ops.square(slope / target - 1.0))


def reconstruction_loss(generated: Tensor, real: Tensor, weight: Tensor, turn: np.ndarray) -> Tensor:
    """Mean absolute difference of magnitudes, which counts MAGNITUDE times, plus that of phases.

    Args:
        generated: spectrograms.
        real: what they should be.
        weight: [n, h, w], how much each phase counts. Without it, the random phases of silent bins would outweigh
            everything else.
        turn: a whole turn of the phase in the spectrogram's values; differences are taken around the circle.
    """
    magnitude = ops.mean(ops.abs(generated[..., 0] - real[..., 0]))
    difference = generated[..., 1] - real[..., 1]
    return MAGNITUDE * magnitude + ops.mean(weight * ops.abs(difference - turn * ops.round(difference / turn)))


def energy_loss(generated: Tensor, real: Tensor, scale: np.ndarray, power: float) -> Tensor:
    """Mean absolute difference of the energies of patches, as normalised magnitudes.

    The magnitude that is best for each bin by itself is a median, which is blurred, and softer than the partials and
    the breath that it stands for. Patches have as much energy as what was recorded, wherever in them it is.

    Args:
        generated: spectrograms.
        real: what they should be.
        scale: the normaliser's, [2] or [w, 2]: normalised values are scale * values + shift.
        power: the energy of a bin is the exponential of its magnitude, not normalised, times this.
    """
    size = tuple(min(wanted, found) for wanted, found in zip(PATCH, generated.shape[1:3], strict=True))

    def level(specgrams: Tensor) -> Tensor:
        height, width = specgrams.shape[1] // size[0], specgrams.shape[2] // size[1]
        levels = power * specgrams[..., 0] / scale[..., 0]
        patches = ops.reshape(levels, (-1, height, size[0], width, size[1]))
        return ops.logsumexp(ops.transpose(patches, (0, 1, 3, 2, 4)), axis=(3, 4))

    return ops.mean(ops.abs(level(generated) - level(real))) * float(np.mean(scale[..., 0])) / power
