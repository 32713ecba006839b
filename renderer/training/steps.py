"""The steps of image training as pure functions: a run's tensors and a batch -> new tensors and losses.

Source: Brock et al. 2019 with the hinge loss, and for pretraining Bojanowski et al. 2018: the generator reconstructs
the dataset, each image from a latent of its own. Where the factors of an image are known its latent is known too;
otherwise it is learned, see core/training/learned_latents.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
from keras import ops

from core.nn import ema, spectral_norm
from core.nn.backend import compiled, value_and_gradients
from core.training import learned_latents
from core.training.gradient_penalty import r1_penalty
from core.training.learned_latents import LATENTS
from core.training.optimizer import descend
from core.training.trees import Tensor, Tensors, Tree
from renderer.training import discriminator, generator, losses
from renderer.training.augment import augment
from renderer.training.generator import BatchNorm
from renderer.training.hparams import ImageHparams
from renderer.training.stages import ImageStage

# Adam's betas in pretraining, and against the discriminator.
PRETRAINING_BETAS, BETAS = (0.9, 0.99), (0.0, 0.999)
# Kernels of attention have this in their names.
ATTENTION = "snconv1x1"
# Of the moving moments of batch norm.
MOVING_DECAY = 0.98


@dataclass(frozen=True)
class ImageStepPlan:
    """What stays the same through a stage."""

    hparams: ImageHparams
    classes: int
    stage: ImageStage

    def fade(self, batch: Tensors) -> Tensor | None:
        """How far the stage's size has faded in; None: fully."""
        return batch["fade"] if self.stage.fading else None


@lru_cache(maxsize=16)
def compiled_step(
    step: Callable[[ImageStepPlan, Tree, Tensors], tuple[Tree, Tensors]], plan: ImageStepPlan
) -> Callable[[Tree, Tensors], tuple[Tree, Tensors]]:
    """A step of a stage, traced once in a process."""
    return compiled(partial(step, plan))


def pretraining_step(plan: ImageStepPlan, tensors: Tree, batch: Tensors) -> tuple[Tree, Tensors]:
    """Train the generator to reconstruct images for one step.

    Args:
        plan: the stage's.
        tensors: `ImageState.tree` as tensors.
        batch: from `ImageSource.batch`, and the scalars "fade", "rate" and "kl_weight".

    Returns:
        The new tensors, and the losses by name.
    """

    def loss(weights: Tensors) -> tuple[Tensor, Any]:
        latent, divergence = _latent(weights, batch)
        generated, updates = _generated(plan, tensors, weights, latent, batch["labels"], batch)
        distance = losses.distance(generated, discriminator.blended(batch["real"], plan.fade(batch)))
        return distance + batch["kl_weight"] * divergence, (_reports(distance, divergence), updates)

    return _with_new_generator(plan, tensors, loss, batch["rate"], PRETRAINING_BETAS)


def generator_step(plan: ImageStepPlan, tensors: Tree, batch: Tensors) -> tuple[Tree, Tensors]:
    """Train the generator against the discriminator for one step; see `pretraining_step`."""
    hparams = plan.hparams
    scoring, _ = _normalized(plan, tensors["discriminator"], tensors["discriminator_vectors"])

    def loss(weights: Tensors) -> tuple[Tensor, Any]:
        z, labels = batch["z"], batch["z_labels"]
        if hparams.reconstruction_weight:
            latent, divergence = _latent(weights, batch)
            z, labels = ops.concatenate([z, latent]), ops.concatenate([labels, batch["labels"]])
        generated, updates = _generated(plan, tensors, weights, z, labels, batch)
        count = hparams.batch_size
        augmented = augment(generated[:count], batch["augment_generated"], hparams.augmentations)
        scores = discriminator.score(scoring, augmented, labels[:count], hparams, plan.fade(batch))
        reports = {"generator": losses.generator_hinge(scores)}
        rising = batch["adversarial"] if hparams.discriminator_warm_up_images else 1.0
        total = rising * hparams.adversarial_weight * reports["generator"]
        if hparams.reconstruction_weight:
            distance = losses.distance(generated[count:], discriminator.blended(batch["real"], plan.fade(batch)))
            total += hparams.reconstruction_weight * (distance + batch["kl_weight"] * divergence)
            reports |= _reports(distance, divergence)
        return total, (reports, updates)

    return _with_new_generator(plan, tensors, loss, batch["rate"] * hparams.generator_rate, BETAS)


def discriminator_step(plan: ImageStepPlan, tensors: Tree, batch: Tensors) -> tuple[Tree, Tensors]:
    """Train the discriminator for one step; see `pretraining_step`."""
    hparams, fade = plan.hparams, plan.fade(batch)
    fake, _ = _generated(plan, tensors, tensors["generator"], batch["z2"], batch["z2_labels"], batch)
    fake = augment(ops.stop_gradient(fake), batch["augment_fake"], hparams.augmentations)
    real = augment(discriminator.blended(batch["real"], fade), batch["augment_real"], hparams.augmentations)
    images, labels = ops.concatenate([real, fake]), ops.concatenate([batch["labels"], batch["z2_labels"]])

    def loss(weights: Tensors) -> tuple[Tensor, Any]:
        ready, vectors = _normalized(plan, weights, tensors["discriminator_vectors"])
        scores = discriminator.score(ready, images, labels, hparams, fade)
        real_scores, fake_scores = scores[: hparams.batch_size], scores[hparams.batch_size :]
        value = losses.discriminator_hinge(real_scores, fake_scores)
        right = ops.mean(ops.cast(real_scores > 0, "float32")) + ops.mean(ops.cast(fake_scores < 0, "float32"))
        reports = {"discriminator": value, "told_apart": right / 2}
        if hparams.r1_weight:
            penalty = _r1_now(plan, ready, real, batch)
            value += hparams.r1_weight * hparams.r1_interval * penalty
            reports["r1"] = ops.where(batch["with_r1"], penalty, np.nan)
        return value, (reports, vectors)

    names = discriminator.used(hparams, plan.classes, plan.stage.size, plan.stage.fading)
    learned = {name: tensors["discriminator"][name] for name in names}
    (_, (reports, vectors)), gradients = value_and_gradients(loss, learned)
    tensors = descend(tensors, "discriminator", learned, gradients, batch["rate"] * hparams.discriminator_rate, BETAS)
    return tensors | {"discriminator_vectors": tensors["discriminator_vectors"] | vectors}, reports


def _r1_now(plan: ImageStepPlan, ready: Tensors, real: Tensor, batch: Tensors) -> Tensor:
    """The penalty R1 on real images; 0 in a step without it."""

    def score(images: Tensor) -> Tensor:
        return discriminator.score(ready, images, batch["labels"], plan.hparams, plan.fade(batch))

    return ops.cond(batch["with_r1"], lambda: r1_penalty(score, real), lambda: ops.zeros(()))


def adversarial_step(plan: ImageStepPlan, tensors: Tree, batch: Tensors) -> tuple[Tree, Tensors]:
    """Train the discriminator, then the generator, as one program; see `pretraining_step`."""
    tensors, reports = discriminator_step(plan, tensors, batch)
    tensors, more = generator_step(plan, tensors, batch)
    return tensors, reports | more


def select_images(data: Tensors, batch: Tensors) -> Tensors:
    """A batch with the pictures of its rows, out of all "images" [images, size, size, 3], uint8."""
    return batch | {"real": ops.cast(ops.take(data["images"], batch["row"], axis=0), "float32") / 127.5 - 1.0}


def _with_new_generator(
    plan: ImageStepPlan,
    tensors: Tree,
    loss: Callable[[Tensors], tuple[Tensor, Any]],
    rate: Tensor,
    betas: tuple[float, float],
) -> tuple[Tree, Tensors]:
    """Take an Adam step on the generator, and update its average, vectors of spectral norm and moving moments."""
    names = generator.used(plan.hparams, plan.classes, plan.stage.size, plan.stage.fading)
    learned = {name: tensors["generator"][name] for name in names} | tensors["latents"]
    (_, (reports, (vectors, moments))), gradients = value_and_gradients(loss, learned)
    tensors = descend(tensors, "generator", learned, gradients, rate, betas)
    decay = ema.growing_decay(tensors["generator_adam"]["steps"], plan.hparams.average_decay)
    newest = {name: tensors["generator"][name] for name in names}
    return tensors | {
        "generator_vectors": tensors["generator_vectors"] | vectors,
        "moving": tensors["moving"] | ema.update(tensors["moving"], moments, MOVING_DECAY),
        "average": tensors["average"] | ema.update(tensors["average"], newest, decay),
    }, reports


def _generated(
    plan: ImageStepPlan, tensors: Tree, weights: Tensors, z: Tensor, labels: Tensor, batch: Tensors
) -> tuple[Tensor, tuple[Tensors, Tensors]]:
    """Images in training, the next vectors of spectral norm, and the moments of batch norm."""
    ready, vectors = _normalized(plan, weights, tensors["generator_vectors"])
    norm = BatchNorm(tensors["moving"] if plan.stage.settling else None)
    images = generator.render(ready, z, labels, plan.hparams, norm, plan.stage.size, plan.fade(batch))
    return images, (vectors, norm.moments)


def _normalized(plan: ImageStepPlan, weights: Tensors, vectors: Tensors) -> tuple[Tensors, Tensors]:
    """Weights with spectral norm, kernels in the precision that convolutions have, and the next vectors.

    Those of attention stay as they are: a softmax of rounded products is another one.
    """
    ready, vectors = spectral_norm.normalized(weights, vectors)
    if plan.hparams.precision != "float32":
        for name, value in ready.items():
            if name.endswith(".weight") and len(value.shape) == 4 and ATTENTION not in name:
                ready[name] = ops.cast(value, plan.hparams.precision)
    return ready, vectors


def _latent(weights: Tensors, batch: Tensors) -> tuple[Tensor, Tensor]:
    """The latents of the batch's images, and the divergence of learned ones from the standard normal distribution."""
    if LATENTS[0] not in weights:
        return batch["latent"], ops.zeros(())
    return learned_latents.sample(weights, batch["row"], batch["latent"])


def _reports(distance: Tensor, divergence: Tensor) -> Tensors:
    return {"distance": distance, "kl": divergence}
