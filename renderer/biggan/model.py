"""A loaded BigGAN-deep: noise and classes -> pictures."""

import functools
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from keras import ops

from core.nn.backend import compiled
from renderer import sound_to_image
from renderer.biggan import model_formats, network, statistics
from renderer.biggan.config import FIRST_LAYER, Config
from renderer.biggan.prepare import lacking, prepare, tables

AT_ONCE = 2
NOISE = "z"


class BigGan:
    """The generator of one folder, ready to paint.

    `resolution` is the pictures' edge in pixels; `z_size` and `num_classes` are the lengths of the vectors that it
    paints, and `class_names` what the classes are called. `layers` are what can be read and moved on the way: "z", the
    noise itself, as a map of one pixel; "gen_z", the first map, of 4x4 pixels; "layers.0", "layers.1", ..., what leaves
    each part. `folder` is where it was loaded from.
    """

    def __init__(
        self, config: Config, weights: Mapping[str, np.ndarray], class_names: tuple[str, ...], folder: Path
    ) -> None:
        self.config = config
        self.folder = folder
        self.name = config.name
        self.resolution = config.resolution
        self.z_size = config.z_size
        self.num_classes = config.num_classes
        self.class_names = class_names
        self.layers = (NOISE, *config.layer_shapes)
        self._weights = {name: ops.convert_to_tensor(array) for name, array in prepare(weights, config).items()}
        self._tables = tables(weights, config)
        self._lacking = lacking(weights, config)
        self._conditions = compiled(self._find_conditions)
        self._functions: dict[tuple[Any, ...], Callable[..., Any]] = {}

    @functools.cached_property
    def checksum(self) -> str:
        """The checksum of the weights in its folder; see `folders.checksum`."""
        return model_formats.checksum(self.folder)

    def draw(self, rng: np.random.Generator, count: int, truncation: float) -> np.ndarray:
        """Noise as the generator was trained with: float32 [count, z_size]."""
        return sound_to_image.truncated_normal(rng, (count, self.z_size), truncation)

    def layer_shape(self, layer: str) -> tuple[int, int, int]:
        """Height, width and channels of a layer's map.

        Raises:
            ValueError: there is no such layer.
        """
        if layer not in self.layers:
            raise ValueError(f"{layer!r} is no layer of {self.name}; its layers are {', '.join(self.layers)}")
        return (1, 1, self.z_size) if layer == NOISE else self.config.layer_shapes[layer]

    def generate(
        self,
        z: np.ndarray,
        classes: np.ndarray,
        truncation: float | np.ndarray,
        layer: str = "",
        offsets: np.ndarray | None = None,
    ) -> np.ndarray:
        """Paint pictures.

        Args:
            z: [n, z_size]; noise that is drawn for a truncation has been multiplied by it already.
            classes: [n, num_classes]: one-hot, or any mixture.
            truncation: 0..1, or [n] of them: which statistics are used.
            layer: whose map is moved.
            offsets: [n, *layer_shape(layer)]: by how much, such as `ganspace.Components.offsets`; None: not at all.

        Returns:
            float32 [n, resolution, resolution, 3] in -1..1; a picture does not depend on the others of its batch.

        Raises:
            ValueError: a shape, a value, the layer or the truncation breaks a rule.
        """
        frames = list(self._frames(z, classes, truncation, layer, offsets, as_bytes=False))
        return np.stack(frames) if frames else np.zeros((0, self.resolution, self.resolution, 3), np.float32)

    def frames_uint8(
        self,
        z: np.ndarray,
        classes: np.ndarray,
        truncation: float | np.ndarray,
        layer: str = "",
        offsets: np.ndarray | None = None,
    ) -> Iterator[np.ndarray]:
        """The pictures of `generate` one after the other, each uint8 [resolution, resolution, 3], once it is done.

        -1..1 becomes 0..255, rounded.
        """
        return self._frames(z, classes, truncation, layer, offsets, as_bytes=True)

    def activations(
        self, z: np.ndarray, classes: np.ndarray, truncation: float | np.ndarray, layer: str, *, at_once: int = 1
    ) -> np.ndarray:
        """What leaves a layer: float32 [n, *layer_shape(layer)]; see `generate`.

        `at_once` of them go through the network together: more are faster, and may differ in the last bit.

        Raises:
            ValueError: there is no such layer, or another argument breaks a rule.
        """
        shape = self.layer_shape(layer)
        z, classes, each = self._input(z, classes, truncation)
        if layer == NOISE:
            return z.reshape(-1, *shape)
        found = np.empty((len(z), *shape), np.float32)
        for start in range(0, len(z), at_once):
            part = slice(start, start + at_once)
            found[part] = ops.convert_to_numpy(self._activations(z[part], classes[part], each[part], layer))
        found += self._lacking[layer]
        return found

    def warm_up(self, layer: str = "") -> None:
        """Trace the graph, so that the first picture that is wanted does not wait for it.

        With a layer, the graph of pictures with offsets there.
        """
        offsets = np.zeros((1, *self.layer_shape(layer))) if layer else None
        for as_bytes in (False, True):
            list(
                self._frames(np.zeros((1, self.z_size)), np.zeros((1, self.num_classes)), 1.0, layer, offsets, as_bytes)
            )

    def _frames(
        self, z: Any, classes: Any, truncation: Any, layer: str, offsets: Any, as_bytes: bool
    ) -> Iterator[np.ndarray]:
        z, classes, each = self._input(z, classes, truncation)
        moves = self._moves(layer, offsets, len(z))
        if moves is not None and layer == NOISE:
            z, moves = z + moves[:, 0, 0], None
        rows = {name: self._rows(name, each) for name in self._tables}
        # An offset to the first map is one addition before the graph, which stays that of pictures without offsets.
        first = moves is None or layer == FIRST_LAYER
        paint = self._function(
            (as_bytes, "" if first else layer), self._painting(as_bytes, FIRST_LAYER if first else layer)
        )

        def one(index: int) -> np.ndarray:
            own = slice(index, index + 1)
            x, gains, shifts = self._conditions(z[own], classes[own], rows["means"][own], rows["deviations"][own])
            if moves is None:
                return ops.convert_to_numpy(paint(x, gains, shifts))[0]
            if first:
                return ops.convert_to_numpy(paint(x + moves[own], gains, shifts))[0]
            return ops.convert_to_numpy(paint(x, gains, shifts, moves[own]))[0]

        return _two_at_once(one, len(z))

    def _find_conditions(self, z: Any, classes: Any, means: Any, deviations: Any) -> Any:
        return network.conditions(self._weights, z, classes, means, deviations, self.config)

    def _activations(self, z: np.ndarray, classes: np.ndarray, truncations: np.ndarray, layer: str) -> Any:
        if layer == FIRST_LAYER:
            return self._function((layer,), self._find_first)(z, classes)
        rows = {name: self._rows(name, truncations) for name in self._tables}
        find = self._function((layer,), functools.partial(self._find_activations, layer=layer))
        return find(z, classes, rows["means"], rows["deviations"])

    def _find_first(self, z: Any, classes: Any) -> Any:
        return network.first_map(self._weights, z, classes, self.config)

    def _find_activations(self, z: Any, classes: Any, means: Any, deviations: Any, layer: str) -> Any:
        x, gains, shifts = self._find_conditions(z, classes, means, deviations)
        return network.activations(self._weights, x, gains, shifts, self.config, layer)

    def _painting(self, as_bytes: bool, layer: str) -> Callable[..., Any]:
        def paint(x: Any, gains: Any, shifts: Any, offset: Any = None) -> Any:
            y = network.paint(self._weights, x, gains, shifts, self.config, layer, offset)
            return ops.cast(ops.clip(ops.round((y + 1.0) * 127.5), 0, 255), "uint8") if as_bytes else y

        return paint

    def _function(self, key: tuple[Any, ...], function: Callable[..., Any]) -> Callable[..., Any]:
        if key not in self._functions:
            self._functions[key] = compiled(function)
        return self._functions[key]

    def _moves(self, layer: str, offsets: Any, count: int) -> np.ndarray | None:
        """The offsets, checked."""
        if offsets is None:
            return None
        if not layer:
            raise ValueError("offsets need the layer that they are added to")
        wanted, moves = (count, *self.layer_shape(layer)), np.asarray(offsets, np.float32)
        if moves.shape != wanted:
            raise ValueError(f"offsets have shape {moves.shape}; at {layer} they must be {wanted}")
        if not np.isfinite(moves).all():
            raise ValueError("offsets hold a value that is not finite")
        return moves

    def _input(self, z: Any, classes: Any, truncation: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        z = _checked("z", z, self.z_size)
        classes = _checked("classes", classes, self.num_classes)
        if len(z) != len(classes):
            raise ValueError(f"there are {len(z)} z and {len(classes)} classes; each picture needs one of both")
        truncations = np.asarray(truncation, np.float64)
        if truncations.shape not in ((), (len(z),)):
            raise ValueError(f"truncation has shape {truncations.shape}; it must be one number or [{len(z)}]")
        return z, classes, np.broadcast_to(truncations, len(z))

    def _rows(self, name: str, truncations: np.ndarray) -> np.ndarray:
        table = self._tables[name]
        found = {truncation: statistics.row(table, truncation) for truncation in set(truncations.tolist())}
        empty = np.zeros((0, table.shape[1]), np.float32)
        return np.stack([found[truncation] for truncation in truncations.tolist()]) if len(truncations) else empty


def _two_at_once(one: Callable[[int], np.ndarray], count: int) -> Iterator[np.ndarray]:
    """Each picture is a batch of its own; two are under way at once: while one waits for memory, one computes."""
    if count == 1:
        yield one(0)
        return
    with ThreadPoolExecutor(AT_ONCE) as pool:
        pending: deque[Future[np.ndarray]] = deque()
        for done in range(count):
            for index in range(done + len(pending), min(done + AT_ONCE, count)):
                pending.append(pool.submit(one, index))
            yield pending.popleft().result()


def _checked(name: str, vectors: Any, size: int) -> np.ndarray:
    vectors = np.asarray(vectors, np.float32)
    if vectors.ndim != 2 or vectors.shape[1] != size:
        raise ValueError(f"{name} has shape {vectors.shape}; it must be [n, {size}]")
    if not np.isfinite(vectors).all():
        raise ValueError(f"{name} holds a value that is not finite")
    return vectors
