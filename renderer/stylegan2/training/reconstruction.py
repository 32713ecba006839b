"""Pretraining: the generator learns to reconstruct the dataset from latents that carry the known factors of each image.

Source: Bojanowski et al. 2018, with latents that are known. Maps up to `WHOLE` pixels are computed whole; beyond, with
the hyper-parameter `windows`, in a window, and only its middle is compared: convolutions at its edge miss the pixels
outside, but at the image's own border, where there are none.
"""

import numpy as np

from core.nn.backend import value_and_gradients
from core.training.trees import Tensor, Tensors, Tree
from renderer.stylegan2.training import generator
from renderer.stylegan2.training.plan import StepPlan, descend, move_average, one_hot, used
from renderer.stylegan2.training.training_ops import ops
from renderer.training import losses
from renderer.training.batches import with_factors
from renderer.training.discriminator import halve

# Pixels of the largest map that is computed whole; of these, the edge of a window, and of what is compared in it.
WHOLE, WINDOW, COMPARED = 32, 20, 16
_MARGIN = (WINDOW - COMPARED) // 2
# Adam's: a reconstruction has a mean gradient to follow, which adversarial training has not.
BETAS = (0.9, 0.99)


def latents(noise: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Latents [n, z] that carry factors [n, known] as `with_factors` has it, and whose mean square is 1.

    A StyleGAN2 scales each latent to that, so the factors would be scaled too; here noise takes what is left.

    Raises:
        ValueError: there are more factors than latent values, or factors that a latent of this length cannot carry.
    """
    carried = with_factors(np.zeros_like(noise), factors)
    rest = with_factors(noise, np.zeros_like(factors))
    left = noise.shape[1] - np.square(carried).sum(axis=1, keepdims=True)
    if left.min() < 0:
        raise ValueError(f"z_size must be larger for factors whose squares add up to {noise.shape[1] - left.min():.3g}")
    return (carried + rest * np.sqrt(left / np.square(rest).sum(axis=1, keepdims=True))).astype(np.float32)


def place(rng: np.random.Generator) -> np.ndarray:
    """Row and column, in pixels of `WHOLE`, at which what is compared begins: int32 [2]."""
    return rng.integers(0, WHOLE - COMPARED, 2, dtype=np.int32, endpoint=True)


def pretraining_step(plan: StepPlan, tensors: Tree, batch: Tensors) -> tuple[Tree, Tensors]:
    """Train the generator to reconstruct images for one step; see `steps.discriminator_phase`."""
    learned = used(tensors["generator"], generator.used(plan.hparams.config(plan.classes, plan.size)))
    (value, _), gradients = value_and_gradients(lambda weights: (distance(plan, weights, batch), None), learned)
    tensors = descend(tensors, "generator", learned, gradients, batch["rate"], BETAS)
    return move_average(plan, tensors, list(learned), batch["seen"]), {"distance": value}


def distance(plan: StepPlan, weights: Tensors, batch: Tensors) -> Tensor:
    """How far the reconstructions of a batch are from its images, a scalar; see `steps.discriminator_phase`."""
    config = plan.hparams.config(plan.classes, plan.size)
    w = generator.mapped(weights, batch["latents"], one_hot(plan, batch["labels"]), config)
    every = ops.broadcast_to(w[:, None], (w.shape[0], config.num_ws, config.w_size))
    real = ops.cast(batch["images"], "float32") / 127.5 - 1.0
    return sum(losses.distance(*pair) for pair in compared(plan, weights, every, real, batch["place"]))


def compared(plan: StepPlan, weights: Tensors, w: Tensor, real: Tensor, at: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Pairs of generated images and real ones that should be alike: whole ones; or windows, and small whole ones.

    Args:
        plan: of the run at this size.
        weights: of the generator, as training changes them.
        w: mapped latents [n, num_ws, w_size].
        real: [n, size, size, 3] in -1..1.
        at: where the window begins, from `place`.
    """
    if plan.size <= WHOLE or not plan.hparams.windows:
        return [(generator.images(weights, w, None, plan.hparams, plan.size), real)]
    begin, unit, small = ops.clip(at - _MARGIN, 0, WHOLE - WINDOW), plan.size // WHOLE, []

    def between(size: int, x: Tensor, colors: Tensor) -> tuple[Tensor, Tensor]:
        if size != WHOLE:
            return x, colors
        small.append(colors)
        return _cut(x, begin, WINDOW), _cut(colors, begin, WINDOW)

    window = generator.images(weights, w, None, plan.hparams, plan.size, between)
    middle = _cut(window, (at - begin) * unit, COMPARED * unit)
    real_small = real
    while real_small.shape[1] > WHOLE:
        real_small = halve(real_small)
    return [(middle, _cut(real, at * unit, COMPARED * unit)), (small[0], real_small)]


def _cut(x: Tensor, begin: Tensor, edge: int) -> Tensor:
    """A square [n, edge, edge, c] of a map, which begins at a row and a column, int [2]."""
    zero = ops.zeros((1,), "int32")
    start = ops.concatenate([zero, ops.cast(begin, "int32"), zero])
    return ops.slice(x, start, (x.shape[0], edge, edge, x.shape[3]))
