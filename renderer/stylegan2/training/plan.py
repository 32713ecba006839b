"""What all steps of a StyleGAN2 run share: what stays the same at a size, and how weights take a step of Adam."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from core.nn import adam, ema
from core.nn.stateless_random import StatelessRandom
from core.training.trees import Tensor, Tensors, Tree
from renderer.stylegan2.training.hparams import StyleGan2Hparams
from renderer.stylegan2.training.training_ops import ops

# The average's half-life is at most this share of the images seen.
AVERAGE_SHARE = 0.05


class Purpose(IntEnum):
    """What random numbers of a step are for."""

    DISCRIMINATOR = 1
    GENERATOR = 2
    PENALTY = 3
    PATH = 4


@dataclass(frozen=True)
class StepPlan:
    """What stays the same while a run is at a size.

    Attributes:
        hparams: of the run.
        classes: of the dataset.
        size: of the images, in pixels.
    """

    hparams: StyleGan2Hparams
    classes: int
    size: int

    def random(self, purpose: Purpose, batch: Tensors) -> StatelessRandom:
        """The random numbers of a phase of a step."""
        return StatelessRandom(batch["key"], int(purpose))


def one_hot(plan: StepPlan, labels: Tensor) -> Tensor | None:
    """Labels [n, classes] of numbers [n]; None where there is one class."""
    return ops.one_hot(labels, plan.classes) if plan.classes > 1 else None


def used(weights: Tensors, names: Sequence[str]) -> Tensors:
    """Some of the weights."""
    return {name: weights[name] for name in names}


def descend(
    tensors: Tree, name: str, learned: Tensors, gradients: Tensors, rate: Tensor, betas: tuple[float, float]
) -> Tree:
    """Take a step of Adam on one network."""
    moments = tensors[f"{name}_adam"]
    steps = moments["steps"] + 1.0
    moved, m, v = adam.update(learned, gradients, moments["m"], moments["v"], steps, rate, *betas)
    return tensors | {
        name: tensors[name] | moved,
        f"{name}_adam": {"m": moments["m"] | m, "v": moments["v"] | v, "steps": steps},
    }


def move_average(plan: StepPlan, tensors: Tree, names: Sequence[str], seen: Tensor) -> Tree:
    """Move the generator's average towards some of its weights, after a step."""
    hparams = plan.hparams
    half_life = ops.minimum(float(hparams.average_images), AVERAGE_SHARE * seen + 1.0)
    decay = ops.power(0.5, hparams.batch_size / half_life)
    newest = used(tensors["generator"], names)
    return tensors | {"average": tensors["average"] | ema.update(tensors["average"], newest, decay)}
