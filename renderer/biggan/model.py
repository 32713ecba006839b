"""A loaded BigGAN-deep: latent vectors and classes -> images."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core import checks
from core.latent.truncated_normal import truncated_normal
from core.nn import engine
from core.nn.batches import in_batches
from core.nn.kernel_layout import kernels_first
from core.nn.ops import Ops
from core.protocols import Move
from renderer.bending import Bend, chain
from renderer.biggan import network, statistics
from renderer.biggan.config import BigGANConfig
from renderer.biggan.prepare import prepare, tables
from renderer.moves import offsets as moved_by

NOISE = "z"
# Forms of the network that are kept; each holds the weights.
_KEPT = 4


class BigGan:
    """The generator of one folder, an `ImageModel` (core/protocols.py).

    `layers` are what can be read and moved on the way: "z", the latent vector itself, as a map of one pixel; "gen_z",
    the first map, of 4x4 pixels; "layers.0", "layers.1", ..., what leaves each part.
    """

    # docs/pictures.md says why directions are found here.
    default_layer = "layers.0"

    def __init__(
        self,
        config: BigGANConfig,
        weights: Mapping[str, np.ndarray],
        class_names: tuple[str, ...],
        folder: Path,
        engine_name: str = "openvino",
        precision: str = "f32",
        checksum: str = "",
    ) -> None:
        self.config = config
        # Of the weights that were read, see `model_formats.checksum`; "": it is not known.
        self.checksum = checksum
        self.folder = folder
        self.name = config.name
        self.size = config.resolution
        self.z_size = config.z_size
        self.num_classes = config.num_classes
        self.class_names = class_names
        self.layers = (NOISE, *config.layer_shapes)
        self.bend_layers = (*config.layer_shapes, network.FRAMES)
        self._functions = engine.CompiledFunctions(engine_name, precision, _KEPT)
        self._weights = kernels_first(prepare(weights, config))
        self._tables = tables(weights, config)

    def draw(self, rng: np.random.Generator, count: int, truncation: float) -> np.ndarray:
        """Latent vectors as the generator was trained with: float32 [count, z_size]."""
        return truncated_normal(rng, (count, self.z_size), truncation)

    def layer_shape(self, layer: str) -> tuple[int, int, int]:
        """Height, width and channels of a layer's map.

        Raises:
            ValueError: there is no such layer.
        """
        if layer not in self.layers:
            raise ValueError(f"{layer!r} is not a layer of {self.name}; its layers are {', '.join(self.layers)}")
        return (1, 1, self.z_size) if layer == NOISE else self.config.layer_shapes[layer]

    def generate(
        self,
        z: np.ndarray,
        classes: np.ndarray | None,
        truncation: float | np.ndarray,
        *,
        noise: Any = None,
        bends: Sequence[Bend] = (),
        moves: Sequence[Move] = (),
    ) -> np.ndarray:
        """Render frames.

        Args:
            z: [n, z_size]; already multiplied by the truncation it was drawn for.
            classes: [n, num_classes]: one-hot, or any mixture.
            truncation: 0..1, or [n] of them: which statistics are used.
            noise: None; BigGAN-deep has no noise inputs.
            bends: transforms of layers, composed from the first to the last; see `renderer.bending`.
            moves: by how much which layers are moved, such as `ganspace.Components.offsets`.

        Returns:
            float32 [n, size, size, 3] in -1..1; a frame does not depend on the others of its batch.

        Raises:
            ValueError: a shape, a value, a layer, a bend or the truncation breaks a rule, or there is noise.
        """
        self._refuse(noise)
        frames = list(self._frames(z, classes, truncation, moves, bends, as_bytes=False))
        return np.stack(frames) if frames else np.zeros((0, self.size, self.size, 3), np.float32)

    def render(
        self,
        z: np.ndarray,
        classes: np.ndarray | None,
        truncation: float | np.ndarray,
        *,
        noise: Any = None,
        bends: Sequence[Bend] = (),
        moves: Sequence[Move] = (),
    ) -> Iterator[np.ndarray]:
        """The frames of `generate` one after the other, each uint8 [size, size, 3]; -1..1 becomes 0..255, rounded."""
        self._refuse(noise)
        return self._frames(z, classes, truncation, moves, bends, as_bytes=True)

    def activations(
        self, z: np.ndarray, classes: np.ndarray | None, truncation: float | np.ndarray, layer: str, *, at_once: int = 1
    ) -> np.ndarray:
        """The activations of a layer: float32 [n, *layer_shape(layer)]; see `generate`.

        `at_once` of them go through the network together: more are faster, and may differ in the last bit.

        Raises:
            ValueError: there is no such layer, or another argument breaks a rule.
        """
        shape = self.layer_shape(layer)
        checks.whole("at_once", at_once, 1)
        z, classes, each = self._input(z, classes, truncation)
        if layer == NOISE:
            return z.reshape(-1, *shape)
        if not len(z):
            return np.zeros((0, *shape), np.float32)
        inputs = (z, classes, *(self._rows(name, each) for name in self._tables))
        return in_batches(self._compiled(at_once, layer=layer), at_once, *inputs)

    def warm_up(self, layer: str = "", bends: Sequence[Bend] = ()) -> None:
        """Compile the network, so that the first frame does not wait for it; with a layer, for offsets there."""
        found = chain.checked(bends, self.bend_layers, self.name)
        self._compiled(1, (layer,) if layer not in ("", NOISE) else (), bent=chain.form_of(found))

    def _refuse(self, noise: Any) -> None:
        if noise is not None:
            raise ValueError(f"{self.name} has no noise inputs, so noise must be None, not {noise!r:.60}")

    def _frames(
        self, z: Any, classes: Any, truncation: Any, moves: Sequence[Move], bends: Sequence[Bend], as_bytes: bool
    ) -> Iterator[np.ndarray]:
        z, classes, each = self._input(z, classes, truncation)
        offsets = moved_by(moves, len(z), self.layers, self.layer_shape)
        if (moved := offsets.pop(NOISE, None)) is not None:
            z = z + moved[:, 0, 0]
        bends = chain.checked(bends, self.bend_layers, self.name)
        render = self._compiled(1, tuple(offsets), bent=chain.form_of(bends))
        inputs = (z, classes, *(self._rows(name, each) for name in self._tables), *offsets.values())
        bent = chain.inputs_of(bends, self._sizes)
        frames = (render(*(value[index : index + 1] for value in inputs), *bent)[0] for index in range(len(z)))
        return map(_as_bytes, frames) if as_bytes else frames

    @property
    def _sizes(self) -> dict[str, int]:
        """Pixels of the edge of what can be bent."""
        return {name: shape[0] for name, shape in self.config.layer_shapes.items()} | {network.FRAMES: self.size}

    def _compiled(
        self, count: int, moved: tuple[str, ...] = (), layer: str = "", bent: chain.Form = ()
    ) -> Callable[..., np.ndarray]:
        """Compile the network for batches of `count`: frames, moved and bent, or a layer's activations."""
        values = self._tables["means"].shape[1]
        shapes: list[engine.Shape] = [(count, size) for size in (self.z_size, self.num_classes, values, values)]
        shapes += [(count, *self.layer_shape(name)) for name in moved]
        shapes += chain.shapes_of(bent, self._sizes)
        return self._functions.get(
            (count, moved, layer, bent), self._network(moved, layer, bent), self._weights, shapes
        )

    def _network(self, moved: tuple[str, ...], layer: str, bent: chain.Form) -> engine.Network:
        config = self.config

        def run(ops: Ops, weights: Any, z: Any, classes: Any, means: Any, deviations: Any, *given: Any) -> Any:
            cond = network.condition(ops, weights, z, classes)
            norm = network.standing_norm(ops, weights, cond, means, deviations, config.norms)
            if layer:
                return network.activations(ops, weights, cond, config, norm, layer)
            offsets = dict(zip(moved, given, strict=False))
            hook = chain.hook(ops, bent, given[len(moved) :])
            return network.generator(ops, weights, cond, config, norm, offsets, hook=hook)

        return run

    def _input(self, z: Any, classes: Any, truncation: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        z = _checked("z", z, self.z_size)
        classes = _checked("classes", classes, self.num_classes)
        if len(z) != len(classes):
            raise ValueError(f"there are {len(z)} z and {len(classes)} classes; each frame needs one of both")
        truncations = np.asarray(truncation, np.float64)
        if truncations.shape not in ((), (len(z),)):
            raise ValueError(f"truncation must be one number or [{len(z)}], not {checks.shape_text(truncations.shape)}")
        return z, classes, np.broadcast_to(truncations, len(z))

    def _rows(self, name: str, truncations: np.ndarray) -> np.ndarray:
        table = self._tables[name]
        found = {truncation: statistics.row(table, truncation) for truncation in set(truncations.tolist())}
        empty = np.zeros((0, table.shape[1]), np.float32)
        return np.stack([found[truncation] for truncation in truncations.tolist()]) if len(truncations) else empty


def _as_bytes(frame: np.ndarray) -> np.ndarray:
    """-1..1 -> 0..255, rounded."""
    return np.clip(np.round((frame + 1.0) * 127.5), 0, 255).astype(np.uint8)


def _checked(name: str, vectors: Any, size: int) -> np.ndarray:
    vectors = np.asarray(vectors, np.float32)
    return checks.finite(name, checks.shape(name, vectors, ("n", size)))
