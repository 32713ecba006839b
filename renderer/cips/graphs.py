"""The compiled networks of one generator: each form of it that is asked for is compiled once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.nn import engine
from core.nn.ops import Ops, Tensor
from renderer.bending import chain
from renderer.cips import network
from renderer.cips.config import CipsConfig

# Forms that are kept; each holds the weights. Live, there are the one that is shown, the next, and a preview of that.
_KEPT, _MAPPINGS_KEPT = 4, 2
# Displacements are smooth: they are computed at so many places along an edge, and between these along lines.
WARP_EDGE = 64

Function = Callable[..., Any]


@dataclass(frozen=True)
class Form:
    """A form of the synthesis.

    Attributes:
        moved: layers whose offsets are inputs.
        bent: what the bends do, whose inputs follow.
        size: of the frames; smaller than full: a preview, enlarged to full size. 0: full.
        as_bytes: whether frames are uint8 in 0..255; else float32 in -1..1.
        layer: whose activations are given instead of frames; "": frames are.
        count: how many at once.
    """

    moved: tuple[str, ...] = ()
    bent: chain.Form = ()
    size: int = 0
    as_bytes: bool = False
    layer: str = ""
    count: int = 1


class Graphs:
    """Compiled networks. Methods may be called from any thread."""

    def __init__(self, config: CipsConfig, arrays: Mapping[str, np.ndarray], name: str, precision: str) -> None:
        """Prepare a generator's weights.

        Args:
            config: gives the shape.
            arrays: of `weights.complete`.
            name: of the engine; see core/nn/names.py.
            precision: likewise.
        """
        self._config = config
        self._arrays = arrays
        self._functions = engine.CompiledFunctions(name, precision, _KEPT)
        self._mappings = engine.CompiledFunctions(name, precision, _MAPPINGS_KEPT)

    def mapping(self, count: int) -> Function:
        """What maps z [count, z_size], and shares of the classes where there are any, to w [count, w_size]."""
        config = self._config
        shapes = [(count, config.z_size), *([(count, config.num_classes)] if config.num_classes else [])]

        def run(ops: Ops, weights: Any, z: Tensor, *shares: Tensor) -> Tensor:
            if shares:
                return network.mixed(ops, weights, z, shares[0], config)
            return network.mapping(ops, weights, z, None, config)

        return self._mappings.get(count, run, self._arrays, shapes)

    def synthesis(self, form: Form) -> Function:
        """What turns w [count, w_size], offsets and bends into what the form says."""
        size = form.size or self._config.size
        moved = [(form.count, *self.shape(name)) for name in form.moved]
        bent = chain.shapes_of(form.bent, dict.fromkeys((layer for layer, _ in form.bent), size))
        shapes = [(form.count, self._config.w_size), *moved, *bent]
        return self._functions.get(form, self._network(form, size), self._arrays, shapes)

    def shape(self, layer: str) -> tuple[int, int, int]:
        """Height, width and values of what leaves a layer."""
        config = self._config
        values = {network.PLACES: 2, network.FRAMES: 3}.get(layer, config.width)
        return config.size, config.size, values

    def _network(self, form: Form, size: int) -> engine.Network:
        config = self._config

        def run(ops: Ops, weights: Any, w: Tensor, *given: Tensor) -> Tensor:
            offsets = dict(zip(form.moved, given, strict=False))
            bent = chain.hook(ops, form.bent, given[len(form.moved) :])
            changed = {*offsets, *(layer for layer, _ in form.bent), form.layer}
            seen: dict[str, Tensor] = {}

            def hook(name: str, x: Tensor) -> Tensor:
                if name not in changed:
                    return x
                values = x.shape[-1]
                x = ops.reshape(x, (form.count, size, size, values))
                seen[name] = bent(name, x + offsets[name] if name in offsets else x)
                return ops.reshape(seen[name], (form.count, size * size, values))

            at = network.grid(size)[None]
            if size > WARP_EDGE:
                coarse = network.displacements(ops, weights, w, network.grid(WARP_EDGE)[None])
                displaced = finer(ops, coarse, WARP_EDGE, size)
            else:
                displaced = network.displacements(ops, weights, w, at)
            places = network.moved(ops, weights, w, at, displaced)
            x = network.colors(ops, weights, w, places, config, hook)
            if form.layer:
                return seen[form.layer]
            x = finer(ops, x, size, config.size) if size < config.size else x
            return _frames(ops, ops.reshape(x, (form.count, config.size, config.size, 3)), form)

        return run


def finer(ops: Ops, x: Tensor, edge: int, size: int) -> Tensor:
    """A map [n, edge * edge, c] at more places, along lines between its own: [n, size * size, c]."""
    between, values = _between(edge, size), x.shape[-1]
    x = ops.transpose(ops.reshape(x, (-1, edge, edge, values)), (0, 3, 1, 2))
    x = ops.matmul(between, ops.matmul(x, np.ascontiguousarray(between.T)))
    return ops.reshape(ops.transpose(x, (0, 2, 3, 1)), (-1, size * size, values))


def _between(edge: int, size: int) -> np.ndarray:
    """The matrix [size, edge] that reads values at the middles of `edge` pixels at the middles of `size` pixels."""
    at = (np.arange(size) + 0.5) / size * edge - 0.5
    below = np.clip(np.floor(at), 0, edge - 2).astype(int)
    found = np.zeros((size, edge), np.float32)
    found[np.arange(size), below] = 1.0 - (at - below)
    found[np.arange(size), below + 1] = at - below
    return found


def _frames(ops: Ops, x: Tensor, form: Form) -> Tensor:
    """Colours as frames."""
    if not form.as_bytes:
        return x
    return ops.cast(ops.clip(x * 127.5 + 128.0, 0.5, 255.5), "uint8")
