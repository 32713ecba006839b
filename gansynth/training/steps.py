"""The steps of GANSynth's training as pure functions: a run's tensors and a batch -> new tensors and losses.

Source: Engel et al. 2019 and Karras et al. 2018, in the order in which Magenta trains: first the generator, then the
discriminator, each on latents and labels of its own. The pretraining before that is ours, after Bojanowski et al. 2018
(see core/training/learned_latents.py): the generator reconstructs the notes from latents of their instruments.
"""

from collections.abc import Mapping

import numpy as np
from keras import ops

from core.nn import ema
from core.nn.backend import value_and_gradients
from core.training import learned_latents
from core.training.gradient_penalty import r1_penalty
from core.training.learned_latents import LATENTS
from core.training.optimizer import descend
from core.training.trees import Tensor, Tensors, Tree
from gansynth import network
from gansynth.config import POWER_TYPES
from gansynth.training import discriminator, losses
from gansynth.training.step_plan import SoundStepPlan

AVERAGE_DECAY = 0.999
# How a loss is reported that is not computed in every step.
PENALTY = "gradient_penalty"
# Adam's first beta in pretraining.
PRETRAINING_BETA1 = 0.9
# A phase counts in proportion to the amplitude of its bin to this power.
LOUDNESS_POWER = 0.6


def pretraining_step(plan: SoundStepPlan, tensors: Tree, batch: Tensors) -> tuple[Tree, Tensors]:
    """Train the generator to reconstruct notes for one step.

    Args:
        plan: the stage's.
        tensors: a `SoundState` as a tree of tensors, see gansynth/training/tensors.py.
        batch: "real" [n, h, w, 2], "labels" [n, labels], "group" [n], "noise" [n, latent], and the scalars "fade",
            "rate", "kl_weight" and "adversarial".

    Returns:
        The new tensors, and the losses by name.
    """
    learned = tensors["generator"] | tensors["latents"]

    (_, reports), gradients = value_and_gradients(lambda weights: _reconstruction(plan, weights, batch), learned)
    gradients, betas = plan.mean_over_workers(gradients), (PRETRAINING_BETA1, plan.hparams.adam_beta2)
    tensors = descend(tensors, "generator", learned, gradients, batch["rate"], betas)
    return _averaged(tensors), _shared(plan, reports)


def generator_step(plan: SoundStepPlan, tensors: Tree, batch: Tensors) -> tuple[Tree, Tensors]:
    """Train the generator against the discriminator for one step.

    Args:
        plan: the stage's.
        tensors: as in `pretraining_step`.
        batch: as there, and "z" [n, latent], "z_labels" [n, labels].

    Returns:
        The new tensors, and the losses by name.
    """
    reconstructing = plan.hparams.reconstruction_weight > 0 and bool(tensors["latents"])
    learned = tensors["generator"] | (tensors["latents"] if reconstructing else {})
    critic = discriminator.prepare_training(tensors["discriminator"], plan.hparams.precision)

    def loss(weights: Tensors) -> tuple[Tensor, Tensors]:
        total, reports = _generator_loss(plan, weights, critic, batch)
        if not reconstructing:
            return total, reports
        reconstruction, more = _reconstruction(plan, weights, batch)
        return total + plan.hparams.reconstruction_weight * reconstruction, reports | more

    (_, reports), gradients = value_and_gradients(loss, learned)
    rate = batch["rate"] * plan.hparams.generator_learning_rate
    tensors = descend(tensors, "generator", learned, plan.mean_over_workers(gradients), rate, plan.betas)
    return _averaged(tensors), _shared(plan, reports)


def discriminator_step(
    plan: SoundStepPlan, tensors: Tree, batch: Tensors, with_penalty: bool | Tensor = True
) -> tuple[Tree, Tensors]:
    """Train the discriminator for one step.

    Args:
        plan: the stage's.
        tensors: as in `pretraining_step`.
        batch: as in `generator_step`, and "full_labels" [n, labels], "mix" [n, 1, 1, 1].
        with_penalty: the gradient penalty is part of this step's loss, and counts for the steps up to the next such;
            a tensor: both kinds of step are one program.

    Returns:
        The new tensors, and the losses by name.
    """
    real = _blended(plan, batch["real"], batch)
    fake = _generated(plan, tensors["generator"], batch["z"], batch["z_labels"], batch)

    def loss(weights: Tensors) -> tuple[Tensor, Tensors]:
        ready = discriminator.prepare_training(weights, plan.hparams.precision)
        total, reports = _discriminator_loss(plan, ready, real, fake, batch)
        if with_penalty is False:
            return total, reports
        penalty, reported = _penalty_now(plan, ready, real, fake, batch, with_penalty)
        weight = _penalty_weight(plan) * plan.hparams.gradient_penalty_interval
        return total + weight * penalty, reports | {PENALTY: reported}

    (_, reports), gradients = value_and_gradients(loss, tensors["discriminator"])
    rate = batch["rate"] * plan.hparams.discriminator_learning_rate
    learned, gradients = tensors["discriminator"], plan.mean_over_workers(gradients)
    return descend(tensors, "discriminator", learned, gradients, rate, plan.betas), _shared(plan, reports)


def adversarial_step(plan: SoundStepPlan, tensors: Tree, batch: Tensors) -> tuple[Tree, Tensors]:
    """Train the generator, then the discriminator, as one program.

    Args:
        plan: the stage's.
        tensors: as in `pretraining_step`.
        batch: as in `discriminator_step`, and "z2", "z2_labels" for the discriminator; "with_penalty", a truth value.

    Returns:
        The new tensors, and the losses by name; the gradient penalty is not a number where it is not computed.
    """
    tensors, reports = generator_step(plan, tensors, batch)
    second = batch | {"z": batch["z2"], "z_labels": batch["z2_labels"]}
    always = plan.hparams.gradient_penalty_interval == 1
    tensors, more = discriminator_step(plan, tensors, second, True if always else batch["with_penalty"])
    return tensors, reports | more


def select_notes(data: Tensors, batch: Tensors) -> Tensors:
    """A batch with the spectrograms of its rows, out of all "notes" [notes, h, w, 2]."""
    return batch | {"real": ops.cast(ops.take(data["notes"], batch["rows"], axis=0), "float32")}


def loudness_weight(specgrams: Tensor, plan: SoundStepPlan) -> Tensor:
    """How much each phase of [n, h, w, 2] counts, [n, h, w]: by its bin's amplitude, 1 on average over a note."""
    level = (specgrams[..., 0] - plan.shift[..., 0]) / plan.scale[..., 0]
    weight = ops.exp(0.5 * LOUDNESS_POWER * _power(plan) * level)
    return weight / ops.mean(weight, axis=(1, 2), keepdims=True)


def _power(plan: SoundStepPlan) -> float:
    """What a level, a logarithm of an amplitude or of a power, is multiplied by to be one of a power."""
    return 1.0 if plan.config.data_type in POWER_TYPES else 2.0


def _generated(plan: SoundStepPlan, weights: Tensors, z: Tensor, labels: Tensor, batch: Tensors) -> Tensor:
    kernels = {name: value for name, value in weights.items() if name not in LATENTS}
    ready = network.prepare(ops, kernels, plan.config, plan.hparams.precision)
    return network.stage_specgrams(ops, ready, z, labels, plan.config, plan.blocks, plan.fade(batch))


def _scored(plan: SoundStepPlan, ready: Tensors, specgrams: Tensor, batch: Tensors) -> tuple[Tensor, Tensors]:
    return discriminator.discriminator(
        ready, specgrams, plan.config, plan.blocks, plan.fade(batch), plan.mean_over_workers
    )


def _generator_loss(plan: SoundStepPlan, weights: Tensors, critic: Tensors, batch: Tensors) -> tuple[Tensor, Tensors]:
    """Loss against a discriminator that is ready to score, and its parts."""
    generated = _generated(plan, weights, batch["z"], batch["z_labels"], batch)
    scores, logits = _scored(plan, critic, generated, batch)
    labels = losses.label_loss(logits, batch["z_labels"], plan.parts)
    total = (
        losses.generator_loss(plan.hparams.adversarial_loss, scores) + plan.hparams.generator_ac_loss_weight * labels
    )
    reports = {"generator_score": ops.mean(scores), "generator_labels": labels}
    rising = batch["adversarial"] if plan.hparams.discriminator_warm_up_images else 1.0
    return rising * plan.hparams.adversarial_weight * total, reports


def _discriminator_loss(
    plan: SoundStepPlan, ready: Tensors, real: Tensor, fake: Tensor, batch: Tensors
) -> tuple[Tensor, Tensors]:
    """Wasserstein distance, labels and drift, and what of it is reported."""
    real_scores, logits = _scored(plan, ready, real, batch)
    fake_scores, _ = _scored(plan, ready, fake, batch)
    labels = losses.label_loss(logits, batch["full_labels"], plan.parts)
    distance = losses.discriminator_loss(plan.hparams.adversarial_loss, real_scores, fake_scores)
    total = distance + plan.hparams.discriminator_ac_loss_weight * labels
    total = total + plan.hparams.real_score_penalty_weight * ops.mean(ops.square(real_scores))
    reports = {"discriminator": distance, "discriminator_labels": labels}
    # Beside the generator's score; the difference of the two is the Wasserstein distance itself.
    return total, reports | ({"real_score": ops.mean(real_scores)} if _is_logistic(plan) else {})


def _penalty_now(
    plan: SoundStepPlan, ready: Tensors, real: Tensor, fake: Tensor, batch: Tensors, with_penalty: bool | Tensor
) -> tuple[Tensor, Tensor]:
    """The penalty, 0 in a step without it, and how it is reported: not a number in a step without it."""
    if with_penalty is True:
        penalty = _penalty(plan, ready, real, fake, batch)
        return penalty, penalty
    penalty = ops.cond(with_penalty, lambda: _penalty(plan, ready, real, fake, batch), lambda: ops.zeros(()))
    return penalty, ops.where(with_penalty, penalty, np.nan)


def _penalty(plan: SoundStepPlan, ready: Tensors, real: Tensor, fake: Tensor, batch: Tensors) -> Tensor:
    """The penalty that belongs to the adversarial loss."""
    if _is_logistic(plan):
        return r1_penalty(lambda specgrams: _scored(plan, ready, specgrams, batch)[0], real)
    return _gradient_penalty(plan, ready, real, fake, batch)


def _penalty_weight(plan: SoundStepPlan) -> float:
    return plan.hparams.r1_weight if _is_logistic(plan) else plan.hparams.gradient_penalty_weight


def _is_logistic(plan: SoundStepPlan) -> bool:
    return plan.hparams.adversarial_loss == "logistic"


def _gradient_penalty(plan: SoundStepPlan, ready: Tensors, real: Tensor, fake: Tensor, batch: Tensors) -> Tensor:
    scale = (plan.scale / np.sqrt(plan.enlargement)).astype(np.float32)
    return losses.gradient_penalty(
        lambda specgrams: _scored(plan, ready, specgrams, batch)[0],
        real, fake, batch["mix"], scale, plan.hparams.gradient_penalty_target,
    )  # fmt: skip


def _blended(plan: SoundStepPlan, specgrams: Tensor, batch: Tensors) -> Tensor:
    """Real spectrograms with as much of the new resolution as the networks have."""
    if not plan.fading:
        return specgrams
    base = plan.config.scale_base
    coarse = network.enlarge(ops, discriminator.shrink(specgrams, base, plan.config), base, plan.config)
    return batch["fade"] * specgrams + (1.0 - batch["fade"]) * coarse


def _reconstruction(plan: SoundStepPlan, weights: Tensors, batch: Tensors) -> tuple[Tensor, Tensors]:
    """Loss of the batch's notes as generated from their instruments' latents, and its parts."""
    z, divergence = learned_latents.sample(weights, batch["group"], batch["noise"])
    generated = _generated(plan, weights, z, batch["labels"], batch)
    real = _blended(plan, batch["real"], batch)
    weight, turn = loudness_weight(real, plan), plan.turn.astype(np.float32)
    reports = {"reconstruction": losses.reconstruction_loss(generated, real, weight, turn), "kl": divergence}
    total = reports["reconstruction"] + batch["kl_weight"] * reports["kl"]
    if not plan.hparams.energy_weight:
        return total, reports
    energy = losses.energy_loss(generated, real, plan.scale, _power(plan))
    return total + losses.MAGNITUDE * plan.hparams.energy_weight * energy, reports | {"energy": energy}


def _averaged(tensors: Tree) -> Tree:
    return tensors | {"average": ema.update(tensors["average"], tensors["generator"], AVERAGE_DECAY)}


def _shared(plan: SoundStepPlan, reports: Mapping[str, Tensor]) -> Tensors:
    return plan.mean_over_workers(dict(reports))
