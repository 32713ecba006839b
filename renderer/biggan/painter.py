"""A loaded BigGAN-deep: noise and classes -> pictures."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
from keras import ops

from gansynth.backend import compiled
from renderer.biggan import network, statistics
from renderer.biggan.config import Config
from renderer.biggan.prepare import prepare, tables

AT_ONCE = 2


class Painter:
    """The generator of one folder, ready to paint.

    `resolution` is the pictures' edge in pixels; `z_size` and `num_classes` are the lengths of the vectors that it
    paints, and `class_names` what the classes are called.
    """

    def __init__(self, config: Config, weights: Mapping[str, np.ndarray], class_names: tuple[str, ...]) -> None:
        self.config = config
        self.name = config.name
        self.resolution = config.resolution
        self.z_size = config.z_size
        self.num_classes = config.num_classes
        self.class_names = class_names
        self._weights = {name: ops.convert_to_tensor(array) for name, array in prepare(weights, config).items()}
        self._tables = tables(weights, config)
        self._conditions = compiled(self._find_conditions)
        self._paint: dict[bool, Callable[..., Any]] = {
            as_bytes: compiled(self._painting(as_bytes)) for as_bytes in (False, True)
        }

    def generate(self, z: np.ndarray, classes: np.ndarray, truncation: float | np.ndarray) -> np.ndarray:
        """Paint pictures.

        Args:
            z: [n, z_size]; noise that is drawn for a truncation has been multiplied by it already.
            classes: [n, num_classes]: one-hot, or any mixture.
            truncation: 0..1, or [n] of them: which statistics are used.

        Returns:
            float32 [n, resolution, resolution, 3] in -1..1; a picture does not depend on the others of its batch.

        Raises:
            ValueError: a shape, a value or the truncation breaks a rule.
        """
        frames = list(self._frames(z, classes, truncation, as_bytes=False))
        return np.stack(frames) if frames else np.zeros((0, self.resolution, self.resolution, 3), np.float32)

    def frames_uint8(self, z: np.ndarray, classes: np.ndarray, truncation: float | np.ndarray) -> Iterator[np.ndarray]:
        """The pictures of `generate` one after the other, each uint8 [resolution, resolution, 3], once it is done.

        -1..1 becomes 0..255, rounded.
        """
        return self._frames(z, classes, truncation, as_bytes=True)

    def warm_up(self) -> None:
        """Trace the graph, so that the first picture that is wanted does not wait for it."""
        for as_bytes in (False, True):
            list(self._frames(np.zeros((1, self.z_size)), np.zeros((1, self.num_classes)), 1.0, as_bytes))

    def _frames(self, z: Any, classes: Any, truncation: Any, as_bytes: bool) -> Iterator[np.ndarray]:
        return self._run(*self._input(z, classes, truncation), self._paint[as_bytes])

    def _run(
        self, z: np.ndarray, classes: np.ndarray, rows: dict[str, np.ndarray], paint: Callable[..., Any]
    ) -> Iterator[np.ndarray]:
        """Each picture is a batch of its own; two are under way at once: while one waits for memory, one computes."""

        def one(index: int) -> Any:
            own = slice(index, index + 1)
            given = self._conditions(z[own], classes[own], rows["means"][own], rows["deviations"][own])
            return ops.convert_to_numpy(paint(*given))[0]

        if len(z) == 1:
            yield one(0)
            return
        with ThreadPoolExecutor(AT_ONCE) as pool:
            pending: deque[Future[Any]] = deque()
            for done in range(len(z)):
                for index in range(done + len(pending), min(done + AT_ONCE, len(z))):
                    pending.append(pool.submit(one, index))
                yield pending.popleft().result()

    def _find_conditions(self, z: Any, classes: Any, means: Any, deviations: Any) -> Any:
        return network.conditions(self._weights, z, classes, means, deviations, self.config)

    def _painting(self, as_bytes: bool) -> Callable[..., Any]:
        def paint(x: Any, gains: Any, shifts: Any) -> Any:
            y = network.paint(self._weights, x, gains, shifts, self.config)
            return ops.cast(ops.clip(ops.round((y + 1.0) * 127.5), 0, 255), "uint8") if as_bytes else y

        return paint

    def _input(self, z: Any, classes: Any, truncation: Any) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
        z = _checked("z", z, self.z_size)
        classes = _checked("classes", classes, self.num_classes)
        if len(z) != len(classes):
            raise ValueError(f"there are {len(z)} z and {len(classes)} classes; each picture needs one of both")
        truncations = np.asarray(truncation, np.float64)
        if truncations.shape not in ((), (len(z),)):
            raise ValueError(f"truncation has shape {truncations.shape}; it must be one number or [{len(z)}]")
        each = np.broadcast_to(truncations, len(z))
        return z, classes, {name: self._rows(name, each) for name in self._tables}

    def _rows(self, name: str, truncations: np.ndarray) -> np.ndarray:
        table = self._tables[name]
        found = {truncation: statistics.row(table, truncation) for truncation in set(truncations.tolist())}
        empty = np.zeros((0, table.shape[1]), np.float32)
        return np.stack([found[truncation] for truncation in truncations.tolist()]) if len(truncations) else empty


def _checked(name: str, vectors: Any, size: int) -> np.ndarray:
    vectors = np.asarray(vectors, np.float32)
    if vectors.ndim != 2 or vectors.shape[1] != size:
        raise ValueError(f"{name} has shape {vectors.shape}; it must be [n, {size}]")
    if not np.isfinite(vectors).all():
        raise ValueError(f"{name} holds a value that is not finite")
    return vectors
