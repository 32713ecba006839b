"""The phases of a training step as pure functions: a run's tensors and a batch -> new tensors and losses.

Source: Karras et al. 2020 and 2020a: the non-saturating loss; R1 and the path length penalty every few steps, each as
a step of Adam of its own.
"""

from collections.abc import Callable
from typing import Any

from core.nn.backend import value_and_gradients
from core.nn.stateless_random import StatelessRandom
from core.training.trees import Tensor, Tensors, Tree
from renderer.stylegan2.training import discriminator, generator, reconstruction
from renderer.stylegan2.training.augment import augment, next_probability
from renderer.stylegan2.training.hparams import GROUP, StyleGan2Hparams
from renderer.stylegan2.training.plan import Purpose, StepPlan, descend, move_average, one_hot, used
from renderer.stylegan2.training.training_ops import ops

BETAS = (0.0, 0.99)
# Of the mean path length.
PATH_DECAY = 0.99


def discriminator_phase(plan: StepPlan, tensors: Tree, batch: Tensors) -> tuple[Tree, Tensors]:
    """Train the discriminator.

    Args:
        plan: of the run at this size.
        tensors: `StyleGan2State.tree` as tensors.
        batch: "images" uint8 [n, size, size, 3] and "labels" int [n], and what `ImageSource.batch` gives.

    Returns:
        The new tensors, and the losses by name.
    """
    hparams, count = plan.hparams, plan.hparams.batch_size
    random = plan.random(Purpose.DISCRIMINATOR, batch)
    real, labels = _real(plan, batch, random), one_hot(plan, batch["labels"])
    fake_labels = _random_labels(plan, random, count)
    latents = generator.mixed(tensors["generator"], fake_labels, random, hparams, count, plan.classes, plan.size)
    fake = generator.images(tensors["generator"], latents, random, hparams, plan.size)
    both = _augmented(plan, tensors, ops.concatenate([real, ops.stop_gradient(fake)]), random)
    both_labels = None if labels is None else ops.concatenate([labels, fake_labels])

    def loss(weights: Tensors) -> tuple[Tensor, Any]:
        scores = discriminator.score(weights, both, both_labels, hparams)
        real_scores, fake_scores = scores[:count], scores[count:]
        value = ops.mean(ops.softplus(-real_scores)) + ops.mean(ops.softplus(fake_scores))
        return value, (real_scores, fake_scores)

    learned = used(tensors["discriminator"], discriminator.used(hparams, plan.classes, plan.size))
    (value, (real_scores, fake_scores)), gradients = value_and_gradients(loss, learned)
    rate = batch["rate"] * _rate(hparams, hparams.r1_every)
    tensors = _descend(tensors, "discriminator", learned, gradients, rate, hparams.r1_every)
    if hparams.augment_target:
        now = next_probability(
            tensors["augment"]["probability"], real_scores, hparams.augment_target, hparams.augment_images
        )
        tensors = tensors | {"augment": {"probability": now}}
    reports = {"discriminator": value, "real": ops.mean(real_scores), "fake": ops.mean(fake_scores)}
    return tensors, reports | {"augmented": tensors["augment"]["probability"]}


def generator_phase(plan: StepPlan, tensors: Tree, batch: Tensors) -> tuple[Tree, Tensors]:
    """Train the generator, and move its average; see `discriminator_phase`."""
    hparams, count = plan.hparams, plan.hparams.batch_size
    random = plan.random(Purpose.GENERATOR, batch)
    labels = _random_labels(plan, random, count)

    def loss(weights: Tensors) -> tuple[Tensor, Any]:
        latents = generator.mixed(weights, labels, random, hparams, count, plan.classes, plan.size)
        images = generator.images(weights, latents, random, hparams, plan.size)
        changed = _augmented(plan, tensors, images, random)
        scores = discriminator.score(tensors["discriminator"], changed, labels, hparams)
        value = ops.mean(ops.softplus(-scores))
        if not hparams.reconstruction_weight:
            return value, {"generator": value}
        distance = reconstruction.distance(plan, weights, batch)
        return value + hparams.reconstruction_weight * distance, {"generator": value, "distance": distance}

    learned = used(tensors["generator"], generator.used(hparams.config(plan.classes, plan.size)))
    (_, reports), gradients = value_and_gradients(loss, learned)
    every = hparams.path_length_every if hparams.path_length else 0
    tensors = _descend(tensors, "generator", learned, gradients, batch["rate"] * _rate(hparams, every), every)
    return move_average(plan, tensors, list(learned), batch["seen"]), reports


def penalty_phase(plan: StepPlan, tensors: Tree, batch: Tensors) -> tuple[Tree, Tensor]:
    """Make the discriminator smooth at real images (R1); see `discriminator_phase`."""
    hparams = plan.hparams
    random = plan.random(Purpose.PENALTY, batch)
    real, labels = _real(plan, batch, random), one_hot(plan, batch["labels"])

    def loss(weights: Tensors) -> tuple[Tensor, Any]:
        def total(at: Tensors) -> tuple[Tensor, Any]:
            changed = _augmented(plan, tensors, at["images"], random)
            return ops.sum(discriminator.score(weights, changed, labels, hparams)), None

        _, slope = value_and_gradients(total, {"images": real})
        penalty = ops.mean(ops.sum(ops.square(slope["images"]), axis=(1, 2, 3)))
        return penalty * (0.5 * hparams.gamma(plan.size) * hparams.r1_every), penalty

    learned = used(tensors["discriminator"], discriminator.used(hparams, plan.classes, plan.size))
    (_, penalty), gradients = value_and_gradients(loss, learned)
    rate = batch["rate"] * _rate(hparams, hparams.r1_every)
    tensors = _descend(tensors, "discriminator", learned, gradients, rate, hparams.r1_every)
    return tensors, penalty


def path_phase(plan: StepPlan, tensors: Tree, batch: Tensors) -> tuple[Tree, Tensor]:
    """Make equal steps of a mapped latent change images equally; see `discriminator_phase`. It uses half a batch."""
    hparams, count = plan.hparams, max(GROUP, plan.hparams.batch_size // 2)
    random = plan.random(Purpose.PATH, batch)
    labels = _random_labels(plan, random, count)
    mean = tensors["path"]["mean"]
    noise = random.normal((count, plan.size, plan.size, 3)) / plan.size

    def loss(weights: Tensors) -> tuple[Tensor, Any]:
        latents = generator.mixed(weights, labels, random, hparams, count, plan.classes, plan.size)

        def product(at: Tensors) -> tuple[Tensor, Any]:
            return ops.sum(generator.images(weights, at["w"], random, hparams, plan.size) * noise), None

        _, slope = value_and_gradients(product, {"w": latents})
        lengths = ops.sqrt(ops.mean(ops.sum(ops.square(slope["w"]), axis=2), axis=1) + 1e-12)
        newest = PATH_DECAY * mean + (1.0 - PATH_DECAY) * ops.mean(lengths)
        penalty = ops.mean(ops.square(lengths - ops.stop_gradient(newest)))
        return penalty * (hparams.path_length * hparams.path_length_every), (newest, penalty)

    learned = used(tensors["generator"], generator.used(hparams.config(plan.classes, plan.size)))
    (_, (newest, penalty)), gradients = value_and_gradients(loss, learned)
    every = hparams.path_length_every
    tensors = _descend(tensors, "generator", learned, gradients, batch["rate"] * _rate(hparams, every), every)
    return tensors | {"path": {"mean": ops.stop_gradient(newest)}}, penalty


def training_step(plan: StepPlan, tensors: Tree, batch: Tensors) -> tuple[Tree, Tensors]:
    """All phases of a step that are due; see `discriminator_phase`. A loss that is not computed is not a number."""
    hparams = plan.hparams
    tensors, first = discriminator_phase(plan, tensors, batch)
    tensors, second = generator_phase(plan, tensors, batch)
    losses = first | second
    if hparams.r1:
        tensors, losses["r1"] = _if_due(batch["with_penalty"], penalty_phase, plan, tensors, batch)
    if hparams.path_length:
        tensors, losses["path"] = _if_due(batch["with_path"], path_phase, plan, tensors, batch)
    return tensors, losses


def select(data: Tensors, batch: Tensors) -> Tensors:
    """A batch with the images and labels of its rows."""
    return batch | {name: ops.take(value, batch["rows"], axis=0) for name, value in data.items()}


def _if_due(
    due: Tensor, phase: Callable[[StepPlan, Tree, Tensors], tuple[Tree, Tensor]], plan: StepPlan, tensors: Tree,
    batch: Tensors,
) -> tuple[Tree, Tensor]:  # fmt: skip
    """The tensors and the penalty after a phase, if it is due."""
    nothing = ops.convert_to_tensor(float("nan"), "float32")
    return ops.cond(due, lambda: phase(plan, tensors, batch), lambda: (tensors, nothing))


def _rate(hparams: StyleGan2Hparams, every: int) -> float:
    """Adam's rate of a network that has one phase more every so many steps, so that all together move as far."""
    return hparams.rate * _share(every)


def _share(every: int) -> float:
    return every / (every + 1) if every else 1.0


def _descend(tensors: Tree, name: str, learned: Tensors, gradients: Tensors, rate: Tensor, every: int) -> Tree:
    """Take a step of Adam on a network that has one phase more every so many steps."""
    first, second = (beta ** _share(every) for beta in BETAS)
    return descend(tensors, name, learned, gradients, rate, (first, second))


def _real(plan: StepPlan, batch: Tensors, random: StatelessRandom) -> Tensor:
    """Real images in -1..1, some of them mirrored."""
    images = ops.cast(batch["images"], "float32") / 127.5 - 1.0
    if not plan.hparams.flips:
        return images
    turned = random.uniform((plan.hparams.batch_size, 1, 1, 1)) < 0.5
    return ops.where(turned, ops.flip(images, axis=2), images)


def _random_labels(plan: StepPlan, random: StatelessRandom, count: int) -> Tensor | None:
    return one_hot(plan, ops.cast(ops.floor(random.uniform((count,)) * plan.classes), "int32"))


def _augmented(plan: StepPlan, tensors: Tree, images: Tensor, random: StatelessRandom) -> Tensor:
    if not plan.hparams.augment_target:
        return images
    return augment(images, ops.stop_gradient(tensors["augment"]["probability"]), random)
