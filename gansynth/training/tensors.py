"""A run's state as tensors, which the steps of training take and give, and back."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from keras import ops

from gansynth.checkpoint import Weights
from gansynth.training.state import LATENTS, Adam, State

Tensor = Any
Tensors = dict[str, Tensor]
Tree = dict[str, Any]


def to_tensors(state: State) -> Tree:
    """A state as the steps want it: dicts of tensors, with the latents' moments beside the generator's."""
    tensors: Tree = {name: _tensors(getattr(state, name)) for name in ("generator", "discriminator", "average")}
    tensors["latents"] = _tensors({name: state.extra[name] for name in LATENTS if name in state.extra})
    for which, slots in (("generator", state.generator_adam), ("discriminator", state.discriminator_adam)):
        steps = ops.convert_to_tensor(np.float32(slots.steps))
        tensors[f"{which}_adam"] = {"m": _tensors(slots.m), "v": _tensors(slots.v), "steps": steps}
    for name in tensors["latents"]:
        for slot in ("m", "v"):
            tensors["generator_adam"][slot][name] = ops.convert_to_tensor(state.extra[f"{name}/{slot}"])
    return tensors


def to_state(tensors: Tree, blocks: int, images: int) -> State:
    """The way back: a state of arrays."""
    generator, discriminator, average = (_arrays(tensors[name]) for name in ("generator", "discriminator", "average"))
    extra, slots = _arrays(tensors["latents"]), {}
    for which in ("generator", "discriminator"):
        m, v = (_arrays(tensors[f"{which}_adam"][slot]) for slot in ("m", "v"))
        for name in [name for name in m if name in extra]:
            extra |= {f"{name}/m": m.pop(name), f"{name}/v": v.pop(name)}
        slots[which] = Adam(m, v, int(ops.convert_to_numpy(tensors[f"{which}_adam"]["steps"])))
    return State(generator, discriminator, average, slots["generator"], slots["discriminator"], blocks, images, extra)


def _tensors(arrays: Mapping[str, np.ndarray]) -> Tensors:
    return {name: ops.convert_to_tensor(value) for name, value in arrays.items()}


def _arrays(tensors: Mapping[str, Tensor]) -> Weights:
    return {name: np.asarray(ops.convert_to_numpy(value)) for name, value in tensors.items()}
