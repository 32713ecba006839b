"""A training step of a vocoder: first the generator, then the discriminators."""

from dataclasses import dataclass
from typing import Any

from keras import ops

from core.nn.backend import value_and_gradients
from core.training.trees import Tensor, Tensors, Tree
from specvqgan.training import precision
from specvqgan.training.adam_state import descend
from specvqgan.training.vocoder import spectra
from specvqgan.training.vocoder.hparams import VocoderHparams
from specvqgan.vocoder import discriminators, network
from specvqgan.vocoder.config import VocoderConfig
from specvqgan.vocoder.weights import folded

BETAS = (0.5, 0.9)


@dataclass(frozen=True)
class StepPlan:
    """What stays the same in a stage of a run; `adversarial`: whether the discriminators have joined."""

    hparams: VocoderHparams
    config: VocoderConfig
    adversarial: bool


def training_step(plan: StepPlan, tree: Tree, batch: Tensors) -> tuple[Tree, Tensors]:
    """Take a step.

    Args:
        plan: of the stage.
        tree: "model", "discriminator" and their Adam branches.
        batch: "mels" [n, mels, frames] in 0..1, "waves" [n, hop * frames], and "rate".

    Returns:
        The new tree, and the losses by name.
    """
    real = batch["waves"][:, None, :, None]

    def loss(weights: Tensors) -> tuple[Tensor, Any]:
        fake = generated(plan, weights, batch["mels"])
        value, parts = generator_loss(plan, tree, real, fake)
        return value, (fake, parts)

    (_, (fake, report)), gradients = value_and_gradients(loss, tree["model"])
    tree = descend(tree, "model", gradients, batch["rate"], BETAS)
    if not plan.adversarial:
        return tree, report
    fake = ops.stop_gradient(fake)

    def judged(weights: Tensors) -> tuple[Tensor, Any]:
        return discriminators.discriminator_loss(ops, _judge(plan, weights, real), _judge(plan, weights, fake)), None

    (value, _), gradients = value_and_gradients(judged, tree["discriminator"])
    return descend(tree, "discriminator", gradients, batch["rate"], BETAS), report | {"discriminator": value}


def generated(plan: StepPlan, weights: Tensors, mels: Tensor) -> Tensor:
    """Sounds [n, 1, samples, 1] of spectrograms [n, mels, frames]."""
    x = ops.transpose(mels, (0, 2, 1))[:, None]
    kernels = folded(ops, weights)
    if plan.hparams.bfloat16:
        kernels = precision.shortened(kernels, precision.is_convolution)
    return network.generate(ops, kernels, x, plan.config)


def generator_loss(plan: StepPlan, tree: Tree, real: Tensor, fake: Tensor) -> tuple[Tensor, dict[str, Any]]:
    """The generator's loss, and its parts by name."""
    own, total, parts = plan.hparams, 0.0, {}
    if own.stft_weight:
        parts["stft"] = spectra.distance(real[:, 0, :, 0], fake[:, 0, :, 0])
        total = total + own.stft_weight * parts["stft"]
    if plan.adversarial:
        wanted, found = (_judge(plan, tree["discriminator"], wave) for wave in (real, fake))
        parts["features"] = discriminators.feature_loss(ops, wanted, found)
        parts["generator"] = discriminators.generator_loss(ops, found)
        total = total + own.adversarial_weight * (parts["generator"] + own.feature_weight * parts["features"])
    return total, parts | {"total": total}


def _judge(plan: StepPlan, weights: Tensors, wave: Tensor) -> discriminators.Features:
    return discriminators.judge(ops, folded(ops, weights), wave, plan.hparams.judges)
