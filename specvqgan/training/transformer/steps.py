"""A training step of a transformer."""

from dataclasses import dataclass
from typing import Any

from keras import ops

from core.nn.backend import value_and_gradients
from core.nn.stateless_random import StatelessRandom
from core.training.trees import Tensor, Tensors, Tree
from specvqgan.training import precision
from specvqgan.training.adam_state import descend
from specvqgan.training.transformer.dropout_ops import DropoutOps
from specvqgan.training.transformer.hparams import TransformerHparams
from specvqgan.transformer import network, weights
from specvqgan.transformer.config import TransformerConfig

BETAS = (0.9, 0.95)
_DROPOUT = 1


@dataclass(frozen=True)
class StepPlan:
    """What stays the same in a run."""

    hparams: TransformerHparams
    config: TransformerConfig


def training_step(plan: StepPlan, tree: Tree, batch: Tensors) -> tuple[Tree, Tensors]:
    """Take a step.

    Args:
        plan: of the run.
        tree: "model" and its Adam branch.
        batch: "tokens" [n, codes of a clip], "features" [n, frames, depth] and "classes" [n] as far as the network
            takes them, "rate", and "key" for random numbers.

    Returns:
        The new tree, and the losses by name.
    """
    own = plan.hparams
    dropping = DropoutOps(StatelessRandom(batch["key"], _DROPOUT), own.dropout)

    def loss(learned: Tensors) -> tuple[Tensor, Any]:
        return cross_entropy(dropping, plan, learned, batch), None

    (value, _), gradients = value_and_gradients(loss, tree["model"])
    decay = dict.fromkeys(weights.decayed(plan.config), own.weight_decay)
    return descend(tree, "model", gradients, batch["rate"], BETAS, decay), {"cross_entropy": value}


def cross_entropy(with_ops: Any, plan: StepPlan, learned: Tensors, batch: Tensors) -> Tensor:
    """The loss, with operations that drop something or not."""
    if plan.hparams.bfloat16:
        dense = weights.decayed(plan.config)
        learned = precision.shortened(learned, lambda name, value: name in dense)
    inputs = {name: batch[name] for name in ("tokens", "features", "classes") if name in batch}
    return network.cross_entropy(with_ops, learned, plan.config, **inputs)


def measured(plan: StepPlan, learned: Tensors, batch: Tensors) -> Tensor:
    """The loss without dropout."""
    return cross_entropy(ops, plan, learned, batch)
