"""Several bends of one network: which inputs they take, and what the network does where."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from core import checks
from core.nn.ops import Ops, Tensor
from renderer.bending.bend import Bend
from renderer.bending.inputs import inputs, shape_of
from renderer.bending.operations import apply

# Layer and operation of each bend: what a network is compiled for.
Form = tuple[tuple[str, str], ...]
# Transforms whose amounts are in pixels of the map.
_IN_PIXELS = ("translate", "blur")


def checked(bends: Sequence[Any], layers: Sequence[str], name: str) -> list[Bend]:
    """Bends in the order of their layers; those of one layer stay in their own order.

    Args:
        bends: of any layers.
        layers: those that can be bent, in the order in which they are computed.
        name: of the model, for messages.

    Raises:
        ValueError: one is not a bend, or there is no such layer.
    """
    for bend in bends:
        if not isinstance(bend, Bend):
            raise checks.mismatch("a bend", "be a Bend of renderer.bending", bend)
        if bend.layer not in layers:
            raise ValueError(f"{bend.layer!r:.40} is not a layer of {name} that bends; those are {', '.join(layers)}")
    return sorted(bends, key=lambda bend: layers.index(bend.layer))


def form_of(bends: Sequence[Bend]) -> Form:
    """What a network is compiled for; amounts may change without compiling it again."""
    return tuple((bend.layer, bend.operation) for bend in bends)


def shapes_of(form: Form, sizes: Mapping[str, int]) -> list[tuple[int, ...]]:
    """The shapes of the inputs; `sizes` are the pixels of the layers' edges."""
    return [shape_of(operation, sizes[layer]) for layer, operation in form]


def inputs_of(bends: Sequence[Bend], sizes: Mapping[str, int]) -> list[np.ndarray]:
    """The inputs of one frame."""
    return [inputs(bend, sizes[bend.layer]) for bend in bends]


def scaled(bend: Bend, part: float) -> Bend:
    """The bend that looks the same on a map of a part of the size."""
    return replace(bend, amount=bend.amount * part) if bend.transform in _IN_PIXELS else bend


def hook(ops: Ops, form: Form, given: Sequence[Tensor]) -> Callable[[str, Tensor], Tensor]:
    """What bends a layer by name: every bend of it, one after the other."""
    steps = list(zip(form, given, strict=True))

    def bent(name: str, x: Tensor) -> Tensor:
        for (layer, operation), value in steps:
            x = apply(ops, x, operation, value) if layer == name else x
        return x

    return bent
