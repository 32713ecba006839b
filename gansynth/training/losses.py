"""What the two networks are trained to lower: Wasserstein loss with gradient penalty, drift, labels, reconstruction.

Sources: Gulrajani et al. 2017 (WGAN-GP), Karras et al. 2018 (drift), Odena et al. 2017 (labels), as Magenta's gansynth
combines them. Pictures are [n, h, w, 2], normalised; scores [n, 1].
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops

from core.nn.backend import value_and_gradients
from gansynth import conditions
from gansynth.config import Config

Tensor = Any
# So that a decibel weighs about as much as a hundredth of a turn.
MAGNITUDE = 3.0


@dataclass(frozen=True)
class Part:
    """The columns `start` to `stop` of the label vectors, and the discriminator's head that tells them.

    `exclusive`: exactly one of them is 1 (softmax); else each is 0 or 1 for itself (sigmoid).
    """

    head: str
    start: int
    stop: int
    exclusive: bool


def label_parts(config: Config) -> tuple[Part, ...]:
    """The heads of the discriminator: pitch, then the conditions."""
    return tuple(
        Part("classification", where.start, where.stop, True)
        if name == conditions.PITCH
        else Part(name, where.start, where.stop, not conditions.CONDITIONS[name].several)
        for name, where in conditions.places(config).items()
    )


def label_loss(logits: Mapping[str, Tensor], labels: Tensor, parts: Sequence[Part]) -> Tensor:
    """Cross-entropy of each head with its part of the label vectors [n, labels], summed over the heads.

    A note where a part is all zeros, a condition that is not set, does not count for it.
    """
    total = ops.zeros(())
    for part in parts:
        wanted, got = labels[:, part.start : part.stop], logits[part.head]
        total = total + ops.mean(_softmax_loss(wanted, got) if part.exclusive else _sigmoid_loss(wanted, got))
    return total


def _softmax_loss(wanted: Tensor, got: Tensor) -> Tensor:
    return -ops.sum(wanted * ops.log_softmax(got, axis=-1), axis=-1)


def _sigmoid_loss(wanted: Tensor, got: Tensor) -> Tensor:
    loss = ops.mean(ops.softplus(got) - wanted * got, axis=-1)
    return loss * ops.max(wanted, axis=-1)


def gradient_penalty(
    score: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, mix: Tensor, scale: np.ndarray, target: float
) -> Tensor:
    """How far the slope of the score is from `target`, halfway between real and fake pictures: squared and averaged.

    Args:
        score: the discriminator.
        real: pictures.
        fake: as many.
        mix: [n, 1, 1, 1] in 0..1, the share of fake in each.
        scale: the slope is taken with respect to `scale` times the pictures' values (broadcasts against them).
            Magenta takes it where the pictures are not yet normalised, and enlarged to full size.
        target: the slope wanted.
    """

    def total(pictures: Tensor) -> tuple[Tensor, None]:
        return ops.sum(score(pictures)), None

    _, gradient = value_and_gradients(total, ops.convert_to_tensor(real + mix * (fake - real)))
    slope = ops.sqrt(ops.sum(ops.square(gradient * scale), axis=(1, 2, 3)) + 1e-12)
    return ops.mean(ops.square(slope / target - 1.0))


def reconstruction_loss(made: Tensor, real: Tensor, weight: Tensor, turn: np.ndarray) -> Tensor:
    """Mean absolute difference of magnitudes, which counts MAGNITUDE times, plus that of phases.

    Args:
        made: pictures.
        real: what they should be.
        weight: [n, h, w], how much each phase counts. Unweighted, the noise of the phase in silent bins outweighs
            everything else there is to learn.
        turn: what a whole turn of the phase is in the picture's values; differences are taken around the circle.
    """
    magnitude = ops.mean(ops.abs(made[..., 0] - real[..., 0]))
    difference = made[..., 1] - real[..., 1]
    return MAGNITUDE * magnitude + ops.mean(weight * ops.abs(difference - turn * ops.round(difference / turn)))


def divergence(mean: Tensor, log_deviation: Tensor) -> Tensor:
    """Kullback-Leibler divergence of normal distributions [n, latent] from the standard one, in nats, averaged."""
    variance = ops.exp(2.0 * log_deviation)
    return ops.mean(ops.sum(0.5 * (ops.square(mean) + variance - 1.0) - log_deviation, axis=-1))
