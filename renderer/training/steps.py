"""The steps of training as pure functions: a run's tensors and a batch -> new tensors and what to report.

Source: Brock et al. 2019 with the hinge loss, and for the warm start Bojanowski et al. 2018: the generator learns the
pictures themselves, each from a latent of its own. Where the factors of a picture are known its latent is known too;
otherwise it is learned along, as a cloud that is drawn to the standard normal distribution.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from keras import ops

from core.nn import adam, spectral_norm
from core.nn.backend import compiled, value_and_gradients
from renderer.training import discriminator, generator, losses
from renderer.training.augment import augment
from renderer.training.generator import Norm
from renderer.training.hparams import Hparams
from renderer.training.stages import Stage
from renderer.training.state import LATENTS, Tree

Tensor = Any
Tensors = dict[str, Tensor]
# Adam's betas: by heart, and against each other.
WARM_BETAS, BETAS = (0.9, 0.99), (0.0, 0.999)
# How slowly the moments of batch norm move.
MOVING_DECAY = 0.98


@dataclass(frozen=True)
class Plan:
    """What stays the same through a stage."""

    hparams: Hparams
    classes: int
    stage: Stage

    def fade(self, batch: Tensors) -> Tensor | None:
        """How far the stage's size has faded in; None: all the way."""
        return batch["fade"] if self.stage.fading else None


@lru_cache(maxsize=16)
def compiled_step(
    step: Callable[[Plan, Tree, Tensors], tuple[Tree, Tensors]], plan: Plan
) -> Callable[[Tree, Tensors], tuple[Tree, Tensors]]:
    """A step of a stage, traced once in a process."""
    return compiled(partial(step, plan))


def warm_step(plan: Plan, tensors: Tree, batch: Tensors) -> tuple[Tree, Tensors]:
    """One step of learning by heart.

    Args:
        plan: the stage.
        tensors: `State.tree` as tensors.
        batch: from `Source.batch`, and the scalars "fade", "rate" and "kl_weight".

    Returns:
        The new tensors, and the losses by name.
    """

    def loss(weights: Tensors) -> tuple[Tensor, Any]:
        latent, divergence = _latent(weights, batch)
        made, gone = _made(plan, tensors, weights, latent, batch["labels"], batch)
        apart = losses.distance(made, discriminator.blended(batch["real"], plan.fade(batch)))
        return apart + batch["kl_weight"] * divergence, (_reports(apart, divergence), gone)

    return _generator_moved(plan, tensors, loss, batch["rate"], WARM_BETAS)


def generator_step(plan: Plan, tensors: Tree, batch: Tensors) -> tuple[Tree, Tensors]:
    """One step of the generator against the discriminator; arguments and result as in `warm_step`."""
    hparams = plan.hparams
    judge, _ = spectral_norm.normed(tensors["discriminator"], tensors["discriminator_vectors"])

    def loss(weights: Tensors) -> tuple[Tensor, Any]:
        z, labels = batch["z"], batch["z_labels"]
        if hparams.reconstruction_weight:
            latent, divergence = _latent(weights, batch)
            z, labels = ops.concatenate([z, latent]), ops.concatenate([labels, batch["labels"]])
        made, gone = _made(plan, tensors, weights, z, labels, batch)
        count = hparams.batch_size
        seen = augment(made[:count], batch["augment_made"], hparams.augmentations)
        score = losses.generator_hinge(discriminator.judge(judge, seen, labels[:count], hparams, plan.fade(batch)))
        reports, total = {"generator": score}, hparams.adversarial_weight * score
        if hparams.reconstruction_weight:
            apart = losses.distance(made[count:], discriminator.blended(batch["real"], plan.fade(batch)))
            total += hparams.reconstruction_weight * (apart + batch["kl_weight"] * divergence)
            reports |= _reports(apart, divergence)
        return total, (reports, gone)

    return _generator_moved(plan, tensors, loss, batch["rate"] * hparams.generator_rate, BETAS)


def discriminator_step(plan: Plan, tensors: Tree, batch: Tensors) -> tuple[Tree, Tensors]:
    """One step of the discriminator; arguments and result as in `warm_step`."""
    hparams, fade = plan.hparams, plan.fade(batch)
    fake, _ = _made(plan, tensors, tensors["generator"], batch["z2"], batch["z2_labels"], batch)
    fake = augment(ops.stop_gradient(fake), batch["augment_fake"], hparams.augmentations)
    real = augment(discriminator.blended(batch["real"], fade), batch["augment_real"], hparams.augmentations)
    labels = ops.concatenate([batch["labels"], batch["z2_labels"]])

    def loss(weights: Tensors) -> tuple[Tensor, Any]:
        ready, vectors = spectral_norm.normed(weights, tensors["discriminator_vectors"])
        scores = discriminator.judge(ready, ops.concatenate([real, fake]), labels, hparams, fade)
        count = hparams.batch_size
        value = losses.discriminator_hinge(scores[:count], scores[count:])
        right = ops.mean(ops.cast(scores[:count] > 0, "float32")) + ops.mean(ops.cast(scores[count:] < 0, "float32"))
        return value, ({"discriminator": value, "told_apart": right / 2}, vectors)

    names = discriminator.used(hparams, plan.classes, plan.stage.size, plan.stage.fading)
    learned = {name: tensors["discriminator"][name] for name in names}
    (_, (reports, vectors)), gradients = value_and_gradients(loss, learned)
    rate = batch["rate"] * hparams.discriminator_rate
    tensors = _descended(tensors, "discriminator", learned, gradients, rate, BETAS)
    return tensors | {"discriminator_vectors": tensors["discriminator_vectors"] | vectors}, reports


def _generator_moved(
    plan: Plan,
    tensors: Tree,
    loss: Callable[[Tensors], tuple[Tensor, Any]],
    rate: Tensor,
    betas: tuple[float, float],
) -> tuple[Tree, Tensors]:
    names = generator.used(plan.hparams, plan.classes, plan.stage.size, plan.stage.fading)
    learned = {name: tensors["generator"][name] for name in names} | tensors["latents"]
    (_, (reports, (vectors, moments))), gradients = value_and_gradients(loss, learned)
    tensors = _descended(tensors, "generator", learned, gradients, rate, betas)
    moving = {
        name: MOVING_DECAY * tensors["moving"][name] + (1.0 - MOVING_DECAY) * now for name, now in moments.items()
    }
    new = {"generator_vectors": tensors["generator_vectors"] | vectors, "moving": tensors["moving"] | moving}
    return _averaged(tensors | new, names, plan.hparams.average_decay), reports


def _made(
    plan: Plan, tensors: Tree, weights: Tensors, z: Tensor, labels: Tensor, batch: Tensors
) -> tuple[Tensor, tuple[Tensors, Tensors]]:
    """Pictures in training, the next vectors of spectral norm, and the moments of batch norm."""
    ready, vectors = spectral_norm.normed(weights, tensors["generator_vectors"])
    norm = Norm(tensors["moving"] if plan.stage.settling else None)
    made = generator.paint(ready, z, labels, plan.hparams, norm, plan.stage.size, plan.fade(batch))
    return made, (vectors, norm.moments)


def _latent(weights: Tensors, batch: Tensors) -> tuple[Tensor, Tensor]:
    """The latents of the batch's pictures, and how far learned ones are from the standard normal distribution."""
    if LATENTS[0] not in weights:
        return batch["latent"], ops.zeros(())
    # A product, since the gradient of picking rows is no tensor in TensorFlow.
    chosen = ops.one_hot(batch["row"], weights[LATENTS[0]].shape[0])
    mean, log_deviation = (ops.matmul(chosen, weights[name]) for name in LATENTS)
    return mean + ops.exp(log_deviation) * batch["latent"], losses.divergence(mean, log_deviation)


def _reports(apart: Tensor, divergence: Tensor) -> Tensors:
    return {"distance": apart, "kl": divergence}


def _descended(
    tensors: Tree,
    which: str,
    learned: Tensors,
    gradients: Tensors,
    rate: Tensor,
    betas: tuple[float, float],
) -> Tree:
    """An Adam step for one network; latents that are learned along with the generator have their moments there."""
    slots = tensors[f"{which}_adam"]
    steps = slots["steps"] + 1.0
    moved, m, v = adam.update(learned, gradients, slots["m"], slots["v"], steps, rate, *betas)
    latents = {name: moved.pop(name) for name in LATENTS if name in moved}
    adams = {"m": slots["m"] | m, "v": slots["v"] | v, "steps": steps}
    return tensors | {
        which: tensors[which] | moved,
        f"{which}_adam": adams,
        "latents": tensors["latents"] | latents,
    }


def _averaged(tensors: Tree, names: list[str], slowest: float) -> Tree:
    """The moving average, quicker in a size's first steps."""
    average, now, steps = tensors["average"], tensors["generator"], tensors["generator_adam"]["steps"]
    decay = ops.minimum(slowest, (1.0 + steps) / (10.0 + steps))
    moved: Mapping[str, Tensor] = {name: decay * average[name] + (1.0 - decay) * now[name] for name in names}
    return tensors | {"average": average | moved}
