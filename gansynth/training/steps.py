"""The steps of training as pure functions: a run's tensors and a batch -> new tensors and what to report.

Source: Engel et al. 2019 and Karras et al. 2018, in the order in which Magenta trains: first the generator, then the
discriminator, each on latents and labels of its own. The warm start before that is ours, after Bojanowski et al. 2018
(a latent for each thing to be learned) and Zadeh et al. 2019 (with a variance): the generator learns the notes
themselves, from a normal distribution of latents for each instrument that is drawn to the standard one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops

from core.nn import adam
from core.nn.backend import value_and_gradients
from gansynth import network
from gansynth.config import Config
from gansynth.training import discriminator, losses
from gansynth.training.hparams import Hparams
from gansynth.training.losses import Part
from gansynth.training.state import LATENTS
from gansynth.training.tensors import Tensor, Tensors, Tree

AVERAGE_DECAY = 0.999
# How fast the loudness of a bin lets its phase count: amplitude to this power.
LOUDNESS_POWER = 0.6


@dataclass(frozen=True)
class Plan:
    """What stays the same through a stage.

    `fading`: the last block is still fading in. `scale` and `shift` are the normaliser's, [2] or [w, 2]: normalised
    values are scale * values + shift.
    `mean_over_workers` averages tensors over all workers, differentiably.
    """

    config: Config
    hparams: Hparams
    blocks: int
    fading: bool
    parts: tuple[Part, ...]
    scale: np.ndarray
    shift: np.ndarray
    mean_over_workers: Callable[[Any], Any] = lambda x: x

    @property
    def turn(self) -> np.ndarray:
        """A whole turn of the phase in normalised units; phases are stored in half turns."""
        return 2.0 * self.scale[..., 1]

    @property
    def enlargement(self) -> int:
        """How many pixels of the full spectrogram one pixel of this stage is."""
        factor = self.config.scale_base ** (self.config.num_resolutions - self.blocks)
        return factor * factor if self.config.scale_mode == "ALL" else factor


def warm_step(plan: Plan, tensors: Tree, batch: Tensors) -> tuple[Tree, Tensors]:
    """One step of the warm start.

    Args:
        plan: the stage.
        tensors: `State` as a dict of dicts of tensors, see gansynth/training/tensors.py.
        batch: "real" [n, h, w, 2], "labels" [n, labels], "group" [n], "noise" [n, latent], and the scalars "fade",
            "rate" and "kl_weight".

    Returns:
        The new tensors, and the losses by name.
    """
    learned = tensors["generator"] | tensors["latents"]

    (_, reports), gradients = value_and_gradients(lambda weights: _by_heart(plan, weights, batch), learned)
    tensors = _descend(plan, tensors, "generator", learned, gradients, batch["rate"], beta1=0.9)
    return _averaged(tensors), _shared(plan, reports)


def generator_step(plan: Plan, tensors: Tree, batch: Tensors) -> tuple[Tree, Tensors]:
    """One step of the generator against the discriminator.

    Args:
        plan: the stage.
        tensors: as in `warm_step`.
        batch: as there, and "z" [n, latent], "z_labels" [n, labels].

    Returns:
        The new tensors, and the losses by name.
    """
    rebuild = plan.hparams.reconstruction_weight > 0 and bool(tensors["latents"])
    learned = tensors["generator"] | (tensors["latents"] if rebuild else {})
    judge = discriminator.prepare_training(tensors["discriminator"], plan.hparams.precision)

    def loss(weights: Tensors) -> tuple[Tensor, Tensors]:
        scores, logits = _judged(plan, judge, _made(plan, weights, batch["z"], batch["z_labels"], batch), batch)
        labels = losses.label_loss(logits, batch["z_labels"], plan.parts)
        reports = {"generator_score": ops.mean(scores), "generator_labels": labels}
        total = plan.hparams.generator_ac_loss_weight * labels - reports["generator_score"]
        if rebuild:
            known, more = _by_heart(plan, weights, batch)
            total, reports = total + plan.hparams.reconstruction_weight * known, reports | more
        return total, reports

    (_, reports), gradients = value_and_gradients(loss, learned)
    rate = batch["rate"] * plan.hparams.generator_learning_rate
    return _averaged(_descend(plan, tensors, "generator", learned, gradients, rate)), _shared(plan, reports)


def discriminator_step(plan: Plan, tensors: Tree, batch: Tensors, penalised: bool = True) -> tuple[Tree, Tensors]:
    """One step of the discriminator.

    Args:
        plan: the stage.
        tensors: as in `warm_step`.
        batch: as in `generator_step`, and "full_labels" [n, labels], "mix" [n, 1, 1, 1].
        penalised: the gradient penalty is computed in this step, and counts for all up to the next such.

    Returns:
        The new tensors, and the losses by name.
    """
    hparams, real = plan.hparams, _blended(plan, batch["real"], batch)
    fake = _made(plan, tensors["generator"], batch["z"], batch["z_labels"], batch)

    def loss(weights: Tensors) -> tuple[Tensor, Tensors]:
        ready = discriminator.prepare_training(weights, hparams.precision)
        real_scores, logits = _judged(plan, ready, real, batch)
        fake_scores, _ = _judged(plan, ready, fake, batch)
        labels = losses.label_loss(logits, batch["full_labels"], plan.parts)
        distance = ops.mean(fake_scores) - ops.mean(real_scores)
        total = distance + hparams.discriminator_ac_loss_weight * labels
        total = total + hparams.real_score_penalty_weight * ops.mean(ops.square(real_scores))
        reports = {"discriminator": distance, "discriminator_labels": labels}
        if penalised:
            scale = (plan.scale / np.sqrt(plan.enlargement)).astype(np.float32)
            reports["gradient_penalty"] = losses.gradient_penalty(
                lambda pictures: _judged(plan, ready, pictures, batch)[0],
                real, fake, batch["mix"], scale, hparams.gradient_penalty_target,
            )  # fmt: skip
            weight = hparams.gradient_penalty_weight * hparams.gradient_penalty_interval
            total = total + weight * reports["gradient_penalty"]
        return total, reports

    (_, reports), gradients = value_and_gradients(loss, tensors["discriminator"])
    rate = batch["rate"] * hparams.discriminator_learning_rate
    tensors = _descend(plan, tensors, "discriminator", tensors["discriminator"], gradients, rate)
    return tensors, _shared(plan, reports)


def loudness_weight(specgrams: Tensor, plan: Plan) -> Tensor:
    """How much each phase of [n, h, w, 2] counts: by the amplitude of its bin, 1 on average over a note. [n, h, w]."""
    level = (specgrams[..., 0] - plan.shift[..., 0]) / plan.scale[..., 0]
    # The mel representation's logarithm is of power.
    power = LOUDNESS_POWER * (0.5 if plan.config.data_type == "mel" else 1.0)
    weight = ops.exp(power * level)
    return weight / ops.mean(weight, axis=(1, 2), keepdims=True)


def _made(plan: Plan, weights: Tensors, z: Tensor, labels: Tensor, batch: Tensors) -> Tensor:
    kernels = {name: value for name, value in weights.items() if not name.startswith("latent")}
    ready = network.prepare(ops, kernels, plan.config, plan.hparams.precision)
    fade = batch["fade"] if plan.fading else None
    return network.stage_specgrams(ops, ready, z, labels, plan.config, plan.blocks, fade)


def _judged(plan: Plan, ready: Tensors, pictures: Tensor, batch: Tensors) -> tuple[Tensor, Tensors]:
    fade = batch["fade"] if plan.fading else None
    return discriminator.discriminator(ready, pictures, plan.config, plan.blocks, fade, plan.mean_over_workers)


def _blended(plan: Plan, pictures: Tensor, batch: Tensors) -> Tensor:
    """Real pictures with as much of the new resolution as the networks have."""
    if not plan.fading:
        return pictures
    base = plan.config.scale_base
    coarse = network.enlarge(ops, discriminator.shrink(pictures, base, plan.config), base, plan.config)
    return batch["fade"] * pictures + (1.0 - batch["fade"]) * coarse


def _by_heart(plan: Plan, weights: Tensors, batch: Tensors) -> tuple[Tensor, Tensors]:
    """How far the generator is from knowing the batch's notes by heart, each from its instrument's latents."""
    # A product, since the gradient of picking rows is no tensor in TensorFlow.
    chosen = ops.one_hot(batch["group"], weights[LATENTS[0]].shape[0])
    mean, log_deviation = (ops.matmul(chosen, weights[name]) for name in LATENTS)
    made = _made(plan, weights, mean + ops.exp(log_deviation) * batch["noise"], batch["labels"], batch)
    real = _blended(plan, batch["real"], batch)
    reports = {
        "reconstruction": losses.reconstruction_loss(
            made, real, loudness_weight(real, plan), plan.turn.astype(np.float32)
        ),
        "kl": losses.divergence(mean, log_deviation),
    }
    return reports["reconstruction"] + batch["kl_weight"] * reports["kl"], reports


def _descend(
    plan: Plan,
    tensors: Tree,
    which: str,
    learned: Tensors,
    gradients: Tensors,
    rate: Tensor,
    beta1: float | None = None,
) -> Tree:
    """An Adam step for one network; latents that are learned along with the generator have their moments there."""
    gradients = plan.mean_over_workers(gradients)
    slots = tensors[f"{which}_adam"]
    steps = slots["steps"] + 1.0
    moved, m, v = adam.update(
        learned, gradients, slots["m"], slots["v"], steps, rate,
        plan.hparams.adam_beta1 if beta1 is None else beta1, plan.hparams.adam_beta2,
    )  # fmt: skip
    latents = {name: moved.pop(name) for name in list(moved) if name.startswith("latent")}
    new = {which: moved, f"{which}_adam": {"m": slots["m"] | m, "v": slots["v"] | v, "steps": steps}}
    return tensors | new | ({"latents": latents} if latents else {})


def _averaged(tensors: Tree) -> Tree:
    average, now = tensors["average"], tensors["generator"]
    moved = {name: AVERAGE_DECAY * average[name] + (1.0 - AVERAGE_DECAY) * now[name] for name in now}
    return tensors | {"average": moved}


def _shared(plan: Plan, reports: Mapping[str, Tensor]) -> Tensors:
    return plan.mean_over_workers(dict(reports))
