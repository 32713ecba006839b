"""The compiled networks of one generator: each form of it that is asked for is compiled once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core import checks
from core.nn import engine, numpy_ops
from core.nn.kernel_layout import kernels_first
from core.nn.ops import Ops, Tensor
from renderer.bending import chain
from renderer.stylegan2 import network
from renderer.stylegan2.config import StyleGan2Config

# Forms that are kept; each holds the weights. Live, there are the one that is shown, the next, and a preview of that.
_KEPT, _MAPPINGS_KEPT = 4, 2
CONST, NONE, GIVEN = "const", "none", "given"
BYTES = 255.0

Function = Callable[..., Any]
# Name, then height, width and channels.
LayerShapes = Mapping[str, tuple[int, int, int]]


@dataclass(frozen=True)
class Form:
    """A form of the synthesis.

    Attributes:
        noise: "const": the generator's own; "none"; "given": inputs.
        moved: layers whose offsets are inputs.
        bent: what the bends do, whose inputs follow.
        size: of the frames; smaller than full: a preview, enlarged to full size. 0: full.
        as_bytes: whether frames are uint8 in 0..255; else float32 in -1..1.
        layer: whose activations are given instead of frames; "": frames are.
        count: how many at once.
    """

    noise: str = CONST
    moved: tuple[str, ...] = ()
    bent: chain.Form = ()
    size: int = 0
    as_bytes: bool = False
    layer: str = ""
    count: int = 1


class Graphs:
    """Compiled networks. Methods may be called from any thread."""

    def __init__(self, config: StyleGan2Config, arrays: Mapping[str, np.ndarray], name: str, precision: str) -> None:
        """Prepare a generator's weights.

        Args:
            config: gives the shape.
            arrays: of `weights.complete`.
            name: of the engine; see core/nn/names.py.
            precision: likewise.
        """
        self._config = config
        ready = network.prepare(numpy_ops, arrays, config)
        arrays = {each: np.ascontiguousarray(value) for each, value in ready.items() if value.ndim}
        self._ready: dict[str, np.ndarray] = kernels_first(arrays)
        self._ready |= {each: value for each, value in ready.items() if not value.ndim}
        self._functions = engine.CompiledFunctions(name, precision, _KEPT)
        self._mappings = engine.CompiledFunctions(name, precision, _MAPPINGS_KEPT)
        self.shapes: LayerShapes = layer_shapes(config)

    def mapping(self, count: int) -> Function:
        """What maps z [count, z_size], and labels where there are any, to w [count, w_size]."""
        config = self._config
        shapes = [(count, config.z_size), *([(count, config.num_classes)] if config.num_classes else [])]

        def run(ops: Ops, weights: Any, z: Tensor, *labels: Tensor) -> Tensor:
            return network.mapping(ops, weights, z, labels[0] if labels else None, config)

        return self._mappings.get(count, run, self._ready, shapes)

    def synthesis(self, form: Form) -> Function:
        """What turns w [count, num_ws, w_size], noises, offsets and bends into what the form says."""
        config, count = self._config, form.count
        noises = [(1, layer.size, layer.size, 1) for layer in config.noisy] if form.noise == GIVEN else []
        moved = [(count, *self.shapes[name]) for name in form.moved]
        bent = chain.shapes_of(form.bent, self.sizes(form.size))
        shapes = [(count, config.num_ws, config.w_size), *noises, *moved, *bent]
        return self._functions.get(form, self._network(form, len(noises)), self._ready, shapes)

    def sizes(self, size: int = 0) -> dict[str, int]:
        """Pixels of the edge of what leaves each layer, and of the frames, where those are of `size`; 0: full."""
        edges = {name: shape[0] for name, shape in self.shapes.items()}
        return {**edges, network.FRAMES: size or self._config.resolution}

    def _network(self, form: Form, noisy: int) -> engine.Network:
        config = self._config

        def run(ops: Ops, weights: Any, w: Tensor, *given: Tensor) -> Tensor:
            noises = list(given[:noisy])
            if form.noise == CONST:
                noises = [weights[f"{layer.name}.noise_const"][None, :, :, None] for layer in config.noisy]
            offsets = dict(zip(form.moved, given[noisy:], strict=False))
            bent = chain.hook(ops, form.bent, given[noisy + len(form.moved) :])
            seen: dict[str, Tensor] = {}

            def hook(name: str, x: Tensor) -> Tensor:
                seen[name] = bent(name, x + offsets[name] if name in offsets else x)
                return seen[name]

            if form.layer:
                network.synthesis(ops, weights, w, noises, config, hook)
                return seen[form.layer]
            size = form.size or config.resolution
            return self._frames(ops, network.synthesis(ops, weights, w, noises, config, hook, size), form)

        return run

    def _frames(self, ops: Ops, x: Tensor, form: Form) -> Tensor:
        """Colours as frames of the full size."""
        while x.shape[1] < self._config.resolution:
            x = network.enlarged(ops, x)
        if self._config.colors == 1:
            x = ops.concatenate([x, x, x], axis=-1)
        if not form.as_bytes:
            return x
        return ops.cast(ops.clip(x * (BYTES / 2) + (BYTES / 2 + 0.5), 0.5, BYTES + 0.5), "uint8")


def layer_shapes(config: StyleGan2Config) -> dict[str, tuple[int, int, int]]:
    """Height, width and channels of what leaves each layer, and of the frames."""
    found = {layer.name: (layer.size, layer.size, layer.after) for layer in config.layers}
    return {**found, network.FRAMES: (config.resolution, config.resolution, config.colors)}


def given_noises(noise: Sequence[Any], config: StyleGan2Config) -> list[np.ndarray]:
    """Noise of each layer as float32 [n or 1, size, size, 1].

    Raises:
        ValueError: there are more or fewer, or one has another shape.
    """
    if not isinstance(noise, Sequence | np.ndarray):
        raise checks.mismatch("noise", "be const, none, random, or an array for each layer", noise)
    if len(noise) != len(config.noisy):
        names = ", ".join(layer.name for layer in config.noisy)
        raise ValueError(f"there are {len(noise)} noises, but the layers with noise are {names}")
    found = []
    for layer, one in zip(config.noisy, noise, strict=True):
        try:
            array = np.asarray(one, np.float32)
        except (TypeError, ValueError):
            raise checks.mismatch(f"the noise of {layer.name}", "be numbers", one) from None
        if array.shape[1:] != (layer.size, layer.size, 1) or not np.isfinite(array).all():
            raise ValueError(
                f"the noise of {layer.name} must be finite numbers of shape [n, {layer.size}, {layer.size}, 1], "
                f"not {list(array.shape)}"
            )
        found.append(array)
    return found
