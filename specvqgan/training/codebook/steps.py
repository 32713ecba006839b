"""A training step of a codebook: first the autoencoder, then the discriminator; and unused codes move."""

from dataclasses import dataclass
from typing import Any

from keras import ops

from core.nn.backend import value_and_gradients
from core.nn.stateless_random import StatelessRandom
from core.training.trees import Tensor, Tensors, Tree
from specvqgan.codebook import discriminator
from specvqgan.codebook.config import CodebookConfig
from specvqgan.codebook.network import CODES
from specvqgan.training import precision
from specvqgan.training.adam_state import descend
from specvqgan.training.codebook import losses
from specvqgan.training.codebook.hparams import CodebookHparams

BETAS = (0.5, 0.9)
# Of each code's share, from step to step.
_USAGE_DECAY = 0.98
_REVIVAL = 1


@dataclass(frozen=True)
class StepPlan:
    """What stays the same in a stage of a run; `adversarial`: whether the discriminator has joined."""

    hparams: CodebookHparams
    config: CodebookConfig
    adversarial: bool
    perceptual: losses.Perceptual | None = None


def training_step(plan: StepPlan, tree: Tree, batch: Tensors) -> tuple[Tree, Tensors]:
    """Take a step.

    Args:
        plan: of the run.
        tree: "model", "discriminator" and their Adam branches, "averages" (of the discriminator's norms) and "usage".
        batch: "mels" [n, mels, frames] in 0..1, "rate", "revive", whether unused codes move now, and "key" for random
            numbers.

    Returns:
        The new tree, and the losses by name.
    """
    x = 2.0 * batch["mels"][..., None] - 1.0
    tree, found, report = autoencoder_phase(plan, tree, x, batch)
    if plan.adversarial:
        tree, scores = discriminator_phase(plan, tree, x, ops.stop_gradient(found.picture), batch)
        report |= scores
    if plan.hparams.revive_every:
        tree = tree | revived(plan, tree, ops.stop_gradient(found.z), found.tokens, batch)
    return tree, report


def autoencoder_loss(
    plan: StepPlan, weights: Tensors, tree: Tree, x: Tensor, training: bool = True
) -> tuple[Tensor, tuple[losses.Quantized, dict[str, Any], Tensors]]:
    """The autoencoder's loss; what it made, the loss's parts by name, and the discriminator's moved averages."""
    own = plan.hparams
    found = losses.quantized(_short(weights, own), x, plan.config, own.commitment, own.original_loss)
    parts = losses.reconstruction(x, found.picture, plan.perceptual, own.perceptual_weight)
    total, averages = parts["nll"] + own.codebook_weight * found.loss, tree.get("averages", {})
    if plan.adversarial:
        scores, averages = _scores(plan, tree["discriminator"], averages, found.picture, training)
        parts["generator"] = -ops.mean(scores)
        total = total + own.adversarial_weight * parts["generator"]
    return total, (found, parts | {"codes": found.loss, "total": total}, averages)


def autoencoder_phase(
    plan: StepPlan, tree: Tree, x: Tensor, batch: Tensors
) -> tuple[Tree, losses.Quantized, dict[str, Any]]:
    """Train encoder, codes and decoder."""

    def loss(weights: Tensors) -> tuple[Tensor, Any]:
        total, (found, parts, averages) = autoencoder_loss(plan, weights, tree, x)
        return total, (found.z, found.tokens, found.picture, found.loss, parts, averages)

    (_, (z, tokens, picture, code_loss, parts, averages)), gradients = value_and_gradients(loss, tree["model"])
    tree = descend(tree, "model", gradients, batch["rate"], BETAS)
    tree = tree | ({"averages": averages} if plan.adversarial else {})
    used, shares = losses.perplexity(tokens, plan.config.codes)
    usage = _USAGE_DECAY * tree["usage"]["shares"] + (1.0 - _USAGE_DECAY) * shares
    tree = tree | {"usage": {"shares": usage}}
    return tree, losses.Quantized(z, tokens, picture, code_loss), parts | {"perplexity": used}


def discriminator_loss(
    plan: StepPlan, weights: Tensors, averages: Tensors, x: Tensor, fake: Tensor, training: bool = True
) -> tuple[Tensor, tuple[Tensors, Tensor, Tensor]]:
    """The discriminator's loss; its moved averages, and the mean scores of real and reconstructed spectrograms."""
    real_scores, averages = _scores(plan, weights, averages, x, training)
    fake_scores, averages = _scores(plan, weights, averages, fake, training)
    value = discriminator.discriminator_loss(ops, real_scores, fake_scores)
    return value, (averages, ops.mean(real_scores), ops.mean(fake_scores))


def discriminator_phase(plan: StepPlan, tree: Tree, x: Tensor, fake: Tensor, batch: Tensors) -> tuple[Tree, Tensors]:
    """Train the discriminator."""

    def loss(weights: Tensors) -> tuple[Tensor, Any]:
        return discriminator_loss(plan, weights, tree["averages"], x, fake)

    (value, (averages, real, seen)), gradients = value_and_gradients(loss, tree["discriminator"])
    tree = descend(tree, "discriminator", gradients, batch["rate"], BETAS) | {"averages": averages}
    return tree, {"discriminator": value, "real": real, "fake": seen}


def revived(plan: StepPlan, tree: Tree, z: Tensor, tokens: Tensor, batch: Tensors) -> Tree:
    """The branches "model", "model_adam" and "usage", where unused codes have moved to random places of the batch."""
    codes, shares = tree["model"][CODES], tree["usage"]["shares"]
    count = plan.config.codes
    dead = ops.logical_and(shares * count < plan.hparams.revive_below, ops.cast(batch["revive"], "bool"))
    flat = ops.reshape(z, (-1, plan.config.code_size))
    places = StatelessRandom(batch["key"], _REVIVAL).uniform((count,)) * ops.cast(ops.shape(flat)[0], "float32")
    candidates = ops.take(flat, ops.cast(places, "int32"), axis=0)
    moments = tree["model_adam"]
    still = 1.0 - ops.cast(dead, "float32")[:, None]
    return {
        "model": tree["model"] | {CODES: ops.where(dead[:, None], candidates, codes)},
        "model_adam": moments | {part: moments[part] | {CODES: moments[part][CODES] * still} for part in ("m", "v")},
        "usage": {"shares": ops.where(dead, 1.0 / count, shares)},
    }


def _scores(plan: StepPlan, weights: Tensors, averages: Tensors, x: Tensor, training: bool) -> tuple[Tensor, Tensors]:
    """Scores, and the averages after this batch; the same ones if not training."""
    scores, seen = discriminator.judge(ops, weights | averages, x, plan.hparams.discriminator, training=training)
    return scores, averages | {name: discriminator.averaged(averages[name], value) for name, value in seen.items()}


def _short(weights: Tensors, hparams: CodebookHparams) -> Tensors:
    """The weights with kernels in bfloat16, where that is asked for."""
    return precision.shortened(weights, precision.is_convolution) if hparams.bfloat16 else weights
