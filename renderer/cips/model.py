"""A loaded CIPS: latent vectors -> mapped latents -> frames."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core import checks
from core.nn.batches import in_batches
from core.protocols import Move
from renderer.bending import Bend, chain
from renderer.cips import network
from renderer.cips.config import CipsConfig
from renderer.cips.graphs import Form, Graphs
from renderer.cips.weights import AVERAGES
from renderer.moves import offsets as moved_by

LATENT, MAPPED = "z", "w"
# So many go through the mapping together, where there are as many.
_AT_ONCE = 64


class Cips:
    """The generator of one folder, a `MappedImageModel` (core/protocols.py).

    `layers` are what can be read and moved on the way: "z"; "w", the mapped latent; "places", the two coordinates of
    each pixel, -1..1 in the picture; "layer0", "layer1", ..., what leaves each layer. `bend_layers` can be bent; "rgb"
    are the frames.
    """

    default_layer = MAPPED
    has_preview = True

    def __init__(
        self,
        config: CipsConfig,
        arrays: Mapping[str, np.ndarray],
        class_names: tuple[str, ...],
        folder: Path,
        engine_name: str = "openvino",
        precision: str = "f32",
        checksum: str = "",
    ) -> None:
        self.config = config
        # Of the weights that were read, see `model_files.checksum`; "": it is not known.
        self.checksum = checksum
        self.folder = folder
        self.name = folder.resolve().name
        self.size = config.size
        self.z_size = config.z_size
        self.num_classes = config.num_classes
        self.class_names = class_names
        self._graphs = Graphs(config, arrays, engine_name, precision)
        self._averages = arrays[AVERAGES]
        self.bend_layers = (network.PLACES, *(name for name, _ in config.layers), network.FRAMES)
        self.layers = (LATENT, MAPPED, *self.bend_layers[:-1])

    def draw(self, rng: np.random.Generator, count: int, truncation: float) -> np.ndarray:
        """Latent vectors as the generator was trained with, float32 [count, z_size]; truncation applies to w."""
        return rng.standard_normal((count, self.z_size)).astype(np.float32)

    def layer_shape(self, layer: str) -> tuple[int, int, int]:
        """Height, width and values of a layer's activations.

        Raises:
            ValueError: there is no such layer.
        """
        if layer not in self.layers:
            raise ValueError(f"{layer!r} is not a layer of {self.name}; its layers are {', '.join(self.layers)}")
        vectors = {LATENT: self.z_size, MAPPED: self.config.w_size}
        return (1, 1, vectors[layer]) if layer in vectors else self._graphs.shape(layer)

    def mapping(
        self,
        z: np.ndarray,
        classes: np.ndarray | None,
        truncation: float | np.ndarray = 0.7,
        cutoff: int | None = None,
    ) -> np.ndarray:
        """Mapped latents, float32 [n, 1, w_size]: one for all layers of a frame.

        Args:
            z: [n, z_size].
            classes: [n, num_classes]: one-hot, or any mixture; None where the generator has none.
                Mapped latents of the classes are mixed by their shares, which add up to 1 or less; what is left of 1 is
                the average of all.
            truncation: psi, or [n] of them: 1 changes nothing, 0 gives the average of the classes, mixed as they are.
            cutoff: 0: nothing is truncated; 1 or None: what there is.

        Raises:
            ValueError: a shape or a value breaks a rule.
        """
        z, labels, psi = self._input(z, classes, truncation)
        if cutoff is not None and not checks.whole("cutoff", cutoff, 0, 1):
            psi = np.ones_like(psi)
        return self._mixed(z, self._shares(labels), psi)[:, None].astype(np.float32)

    def synthesis(
        self, w: np.ndarray, *, noise: Any = None, bends: Sequence[Bend] = (), moves: Sequence[Move] = ()
    ) -> np.ndarray:
        """Frames of mapped latents.

        Args:
            w: [n, 1, w_size].
            noise: None; it has no noise inputs.
            bends: transforms of layers, composed from the first to the last.
            moves: by how much which layers are moved.

        Returns:
            float32 [n, size, size, 3], nominally in -1..1; a frame does not depend on the others.

        Raises:
            ValueError: a shape, a value, a layer or a bend breaks a rule.
        """
        self._refuse(noise)
        w = checks.finite("w", np.asarray(w, np.float32))
        checks.shape("w", w, ("n", 1, self.config.w_size))
        offsets = moved_by(moves, len(w), self.layers, self.layer_shape)
        if LATENT in offsets:
            raise ValueError("mapped latents have no z, so z cannot be moved; move w")
        return self._stacked(w[:, 0], bends, offsets)

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
        """Render frames, float32 [n, size, size, 3]; see `mapping` and `synthesis`."""
        self._refuse(noise)
        w, offsets = self._moved(z, classes, truncation, moves)
        return self._stacked(w, bends, offsets)

    def render(
        self,
        z: np.ndarray,
        classes: np.ndarray | None,
        truncation: float | np.ndarray,
        *,
        noise: Any = None,
        bends: Sequence[Bend] = (),
        moves: Sequence[Move] = (),
        preview: bool = False,
    ) -> Iterator[np.ndarray]:
        """The frames of `generate` one after the other, each uint8 [size, size, 3]; -1..1 becomes 0..255, rounded.

        With `preview` a quarter of the pixels is computed, and enlarged: four times faster; not where a map is moved.
        """
        self._refuse(noise)
        w, offsets = self._moved(z, classes, truncation, moves)
        maps = set(offsets) - {MAPPED}
        size = self.size // 2 if preview and not maps else 0
        return self._frames(w, bends, offsets, Form(as_bytes=True, size=size))

    def activations(
        self, z: np.ndarray, classes: np.ndarray | None, truncation: float, layer: str, *, at_once: int = 1
    ) -> np.ndarray:
        """A layer's activations, float32 [n, *layer_shape(layer)]; `at_once` go through the network together.

        Raises:
            ValueError: there is no such layer, or another argument breaks a rule.
        """
        shape = self.layer_shape(layer)
        checks.whole("at_once", at_once, 1)
        if layer == LATENT:
            return self._input(z, classes, truncation)[0].reshape(-1, *shape)
        w = self.mapping(z, classes, truncation)[:, 0]
        if layer == MAPPED:
            return w.reshape(-1, *shape)
        find = self._graphs.synthesis(Form(layer=layer, count=at_once))
        return in_batches(find, at_once, w) if len(w) else np.zeros((0, *shape), np.float32)

    def warm_up(self, layer: str = "", bends: Sequence[Bend] = (), preview: bool = False) -> None:
        """Compile what frames need, so that the first does not wait; with a layer, for offsets there.

        Raises:
            ValueError: there is no such layer.
        """
        if layer:
            self.layer_shape(layer)
        moved = (layer,) if layer not in ("", LATENT, MAPPED) else ()
        size = self.size // 2 if preview and not moved else 0
        found = chain.checked(bends, self.bend_layers, self.name)
        self._graphs.mapping(1)
        self._graphs.synthesis(Form(moved, chain.form_of(found), size, as_bytes=True))

    def _refuse(self, noise: Any) -> None:
        if noise is not None:
            raise ValueError(f"{self.name} has no noise inputs, so noise must be None, not {noise!r:.60}")

    def _moved(
        self, z: Any, classes: Any, truncation: Any, moves: Sequence[Move]
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Mapped latents of z and its offsets, and the offsets of the layers after them."""
        z = checks.shape("z", np.asarray(z, np.float32), ("n", self.z_size))
        offsets = moved_by(moves, len(z), self.layers, self.layer_shape)
        if (moved := offsets.pop(LATENT, None)) is not None:
            z = z + moved[:, 0, 0]
        return self.mapping(z, classes, truncation)[:, 0], offsets

    def _stacked(self, w: np.ndarray, bends: Sequence[Bend], offsets: dict[str, np.ndarray]) -> np.ndarray:
        frames = list(self._frames(w, bends, offsets, Form()))
        return np.stack(frames) if frames else np.zeros((0, self.size, self.size, 3), np.float32)

    def _frames(
        self, w: np.ndarray, bends: Sequence[Bend], offsets: dict[str, np.ndarray], form: Form
    ) -> Iterator[np.ndarray]:
        found = chain.checked(bends, self.bend_layers, self.name)
        if form.size:
            found = [chain.scaled(bend, form.size / self.size) for bend in found]
        if (moved := offsets.pop(MAPPED, None)) is not None:
            w = w + moved[:, 0, 0]
        render = self._graphs.synthesis(Form(tuple(offsets), chain.form_of(found), form.size, form.as_bytes))
        sizes = dict.fromkeys(self.bend_layers, form.size or self.size)
        given = chain.inputs_of(found, sizes)

        def frame(index: int) -> np.ndarray:
            row = slice(index, index + 1)
            return render(w[row], *(value[row] for value in offsets.values()), *given)[0]

        return map(frame, range(len(w)))

    def _input(self, z: Any, classes: Any, truncation: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        z = checks.finite("z", checks.shape("z", np.asarray(z, np.float32), ("n", self.z_size)))
        labels = np.asarray(np.zeros((len(z), 0)) if classes is None else classes, np.float32)
        checks.finite("classes", checks.shape("classes", labels, (len(z), self.num_classes)))
        psi = checks.finite("truncation", np.asarray(truncation, np.float32))
        if psi.shape not in ((), (len(z),)):
            raise ValueError(f"truncation must be one number or [{len(z)}], not {checks.shape_text(psi.shape)}")
        return z, labels, np.broadcast_to(psi, len(z))

    def _shares(self, labels: np.ndarray) -> np.ndarray:
        """Shares of the classes [n, num_classes], which add up to at most 1; a share below 0 is none."""
        shares = np.clip(labels, 0.0, None).astype(np.float64)
        found: np.ndarray = shares / np.maximum(shares.sum(axis=1, keepdims=True), 1.0)
        return found.astype(np.float32)

    def _mixed(self, z: np.ndarray, shares: np.ndarray, psi: np.ndarray) -> np.ndarray:
        """W [n, w_size], truncated; what the shares leave of 1 is the average of all classes."""
        everywhere = self._averages.mean(axis=0)
        if not self.num_classes:
            return psi[:, None] * self._mapped(z) + (1.0 - psi[:, None]) * everywhere
        own = psi[:, None] * self._mapped(z, shares) + (1.0 - psi[:, None]) * (shares @ self._averages)
        found: np.ndarray = own + (1.0 - shares.sum(axis=1, keepdims=True)) * everywhere
        return found

    def _mapped(self, *given: np.ndarray) -> np.ndarray:
        """W [n, w_size] of z, and of shares where there are classes, not truncated."""
        if not len(given[0]):
            return np.zeros((0, self.config.w_size), np.float32)
        at_once = _AT_ONCE if len(given[0]) >= _AT_ONCE else 1
        return in_batches(self._graphs.mapping(at_once), at_once, *given)
