"""A loaded StyleGAN2: latent vectors -> mapped latents -> frames."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core import checks
from core.nn.batches import in_batches
from core.protocols import Move
from renderer.bending import Bend, chain
from renderer.moves import offsets as moved_by
from renderer.stylegan2 import graphs, network
from renderer.stylegan2.config import StyleGan2Config
from renderer.stylegan2.graphs import CONST, GIVEN, NONE, Form, Graphs
from renderer.stylegan2.weights import AVERAGE, CLASS_AVERAGES

LATENT, MAPPED, RANDOM = "z", "w", "random"
# So many go through the mapping together, where there are as many.
_AT_ONCE = 64


class StyleGan2:
    """The generator of one file or folder, a `MappedImageModel` (core/protocols.py).

    `layers` are what can be read and moved on the way: "z"; "w", the mapped latent, whose offsets move all layers; then
    "b4.conv1", "b4.torgb", "b8.conv0", ..., what leaves each layer. `bend_layers` can be bent; "rgb" are the frames.
    """

    default_layer = MAPPED

    def __init__(
        self,
        config: StyleGan2Config,
        arrays: Mapping[str, np.ndarray],
        class_names: tuple[str, ...],
        folder: Path,
        engine_name: str = "openvino",
        precision: str = "f32",
        usual_noise: tuple[float, float] = (1.0, 0.0),
        checksum: str = "",
    ) -> None:
        self.config = config
        # Of the weights that were read, see `model_files.checksum`; "": it is not known.
        self.checksum = checksum
        # How much noise it has where nobody says, and how fast that turns; see `model_files.usual_noise`.
        self.usual_noise = usual_noise
        self.folder = folder
        self.name = folder.name if folder.is_dir() else folder.stem
        self.size = config.resolution
        self.z_size = config.z_size
        self.num_classes = config.num_classes
        self.class_names = class_names
        self._graphs = Graphs(config, arrays, engine_name, precision)
        self._average, self._class_averages = arrays[AVERAGE], arrays.get(CLASS_AVERAGES)
        # Its own noise of each layer that takes noise, [1, size, size, 1].
        self.noises = tuple(arrays[f"{layer.name}.noise_const"][None, :, :, None] for layer in config.noisy)
        self.bend_layers = tuple(self._graphs.shapes)
        self.layers = (LATENT, MAPPED, *(name for name in self.bend_layers if name != network.FRAMES))

    @property
    def noise_sizes(self) -> tuple[int, ...]:
        """Pixels of the edge of each layer's noise, in order."""
        return tuple(layer.size for layer in self.config.noisy)

    @property
    def has_preview(self) -> bool:
        """Whether frames can be rendered in half their size; see `render`."""
        return self.config.architecture == "skip" and len(self.config.channels) > 1

    def draw(self, rng: np.random.Generator, count: int, truncation: float) -> np.ndarray:
        """Latent vectors as the generator was trained with, float32 [count, z_size]; truncation applies to w."""
        return rng.standard_normal((count, self.z_size)).astype(np.float32)

    def layer_shape(self, layer: str) -> tuple[int, int, int]:
        """Height, width and channels of a layer's activations.

        Raises:
            ValueError: there is no such layer.
        """
        if layer not in self.layers:
            raise ValueError(f"{layer!r} is not a layer of {self.name}; its layers are {', '.join(self.layers)}")
        sizes = {LATENT: self.z_size, MAPPED: self.config.w_size}
        return (1, 1, sizes[layer]) if layer in sizes else self._graphs.shapes[layer]

    def mapping(
        self,
        z: np.ndarray,
        classes: np.ndarray | None,
        truncation: float | np.ndarray = 0.7,
        cutoff: int | None = None,
    ) -> np.ndarray:
        """Mapped latents, float32 [n, num_ws, w_size], one for each layer of a frame.

        Args:
            z: [n, z_size].
            classes: [n, num_classes]: one-hot, or any mixture; None where the generator has none.
            truncation: psi, or [n] of them: 1 changes nothing, 0 gives the average; that of the classes, where the
                file has one for each.
            cutoff: only so many layers are truncated, from the first; None: all.

        Raises:
            ValueError: a shape or a value breaks a rule.
        """
        z, classes, psi = self._input(z, classes, truncation)
        found = np.repeat(self._mapped(z, classes)[:, None], self.config.num_ws, axis=1)
        if cutoff is not None:
            checks.whole("cutoff", cutoff, 0, self.config.num_ws)
        part = psi[:, None, None]
        found[:, :cutoff] = part * found[:, :cutoff] + (1.0 - part) * self._averages(classes)[:, None]
        return found

    def synthesis(
        self, w: np.ndarray, *, noise: Any = CONST, bends: Sequence[Bend] = (), moves: Sequence[Move] = ()
    ) -> np.ndarray:
        """Frames of mapped latents.

        Args:
            w: [n, num_ws, w_size]; another one for each layer mixes styles.
            noise: "const": the generator's own; "none"; "random": another one for each frame; or an array
                [n or 1, size, size, 1] for each layer of `noise_sizes`. None: "const".
            bends: transforms of layers, composed from the first to the last.
            moves: by how much which layers are moved.

        Returns:
            float32 [n, size, size, 3], nominally in -1..1; a frame does not depend on the others.

        Raises:
            ValueError: a shape, a value, a layer or a bend breaks a rule.
        """
        w = checks.finite("w", np.asarray(w, np.float32))
        checks.shape("w", w, ("n", self.config.num_ws, self.config.w_size))
        offsets = moved_by(moves, len(w), self.layers, self.layer_shape)
        if LATENT in offsets:
            raise ValueError("mapped latents have no z, so z cannot be moved; move w")
        return self._stacked(w, noise, bends, offsets)

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
        """Render frames, float32 [n, size, size, 3]; see `mapping` and `synthesis`. The length of z does not count."""
        w, offsets = self._moved(z, classes, truncation, moves)
        return self._stacked(w, noise, bends, offsets)

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

        With `preview`, where the generator has one, they are of half the size, enlarged: several times faster.
        """
        w, offsets = self._moved(z, classes, truncation, moves)
        size = self.size // 2 if preview and self.has_preview else 0
        return self._frames(w, noise, bends, offsets, Form(as_bytes=True, size=size))

    def activations(
        self, z: np.ndarray, classes: np.ndarray | None, truncation: float | np.ndarray, layer: str, *, at_once: int = 1
    ) -> np.ndarray:
        """A layer's activations, float32 [n, *layer_shape(layer)]; `at_once` go through the network together.

        Raises:
            ValueError: there is no such layer, or another argument breaks a rule.
        """
        shape = self.layer_shape(layer)
        checks.whole("at_once", at_once, 1)
        if layer == LATENT:
            return self._input(z, classes, truncation)[0].reshape(-1, *shape)
        w = self.mapping(self._rescaled(z), classes, truncation)
        if layer == MAPPED:
            return w[:, 0].reshape(-1, *shape)
        find = self._graphs.synthesis(Form(layer=layer, count=at_once))
        return in_batches(find, at_once, w) if len(w) else np.zeros((0, *shape), np.float32)

    def warm_up(self, layer: str = "", bends: Sequence[Bend] = (), noise: Any = None, preview: bool = False) -> None:
        """Compile what frames need, so that the first does not wait; with a layer, for offsets there."""
        moved = (layer,) if layer not in ("", LATENT, MAPPED) else ()
        size = self.size // 2 if preview and self.has_preview else 0
        kind = noise if noise in (CONST, NONE) else CONST if noise is None else GIVEN
        bent = chain.form_of(self._bends(bends, size))
        self._graphs.mapping(1)
        self._graphs.synthesis(Form(kind, moved, bent, size, as_bytes=True))

    def _moved(
        self, z: Any, classes: Any, truncation: Any, moves: Sequence[Move]
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Mapped latents of z and its offsets, and the offsets of the layers after them."""
        z = self._rescaled(checks.shape("z", np.asarray(z, np.float32), ("n", self.z_size)))
        offsets = moved_by(moves, len(z), self.layers, self.layer_shape)
        if (moved := offsets.pop(LATENT, None)) is not None:
            z = z + moved[:, 0, 0]
        return self.mapping(z, classes, truncation), offsets

    def _stacked(self, w: np.ndarray, noise: Any, bends: Sequence[Bend], offsets: dict[str, np.ndarray]) -> np.ndarray:
        frames = list(self._frames(w, noise, bends, offsets, Form()))
        return np.stack(frames) if frames else np.zeros((0, self.size, self.size, 3), np.float32)

    def _frames(
        self, w: np.ndarray, noise: Any, bends: Sequence[Bend], offsets: dict[str, np.ndarray], form: Form
    ) -> Iterator[np.ndarray]:
        bends = self._bends(bends, form.size)
        if (moved := offsets.pop(MAPPED, None)) is not None:
            w = w + moved[:, 0]
        kind, noises = self._noises(noise, len(w))
        kind_of_form = Form(kind, tuple(offsets), chain.form_of(bends), form.size, form.as_bytes)
        render = self._graphs.synthesis(kind_of_form)
        given = chain.inputs_of(bends, self._graphs.sizes(form.size))

        def frame(index: int) -> np.ndarray:
            row = slice(index, index + 1)
            moved = [value[row] for value in offsets.values()]
            return render(w[row], *noises(index), *moved, *given)[0]

        return map(frame, range(len(w)))

    def _bends(self, bends: Sequence[Bend], size: int) -> list[Bend]:
        """The bends in the order of their layers; a preview has no layers beyond its size."""
        found = chain.checked(bends, self.bend_layers, self.name)
        if not size:
            return found
        edges = self._graphs.sizes(size)
        return [
            chain.scaled(bend, size / self.size) if bend.layer == network.FRAMES else bend
            for bend in found
            if edges[bend.layer] <= size
        ]

    def _noises(self, noise: Any, count: int) -> tuple[str, Any]:
        """The kind of noise, and what gives the inputs of a frame."""
        if noise is None or (isinstance(noise, str) and noise in (CONST, NONE)):
            return noise or CONST, lambda index: ()
        if isinstance(noise, str):
            checks.one_of("noise", noise, (CONST, NONE, RANDOM))
            rng, sizes = np.random.default_rng(), self.noise_sizes
            return GIVEN, lambda index: [rng.standard_normal((1, edge, edge, 1), np.float32) for edge in sizes]
        arrays = graphs.given_noises(noise, self.config)
        for layer, array in zip(self.config.noisy, arrays, strict=True):
            checks.one_of(f"how many noises {layer.name} has", len(array), (1, count))
        return GIVEN, lambda index: [array[index if len(array) > 1 else 0][None] for array in arrays]

    def _input(self, z: Any, classes: Any, truncation: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        z = checks.finite("z", checks.shape("z", np.asarray(z, np.float32), ("n", self.z_size)))
        given = np.zeros((len(z), 0)) if classes is None else classes
        labels = np.asarray(given, np.float32)
        checks.finite("classes", checks.shape("classes", labels, (len(z), self.num_classes)))
        psi = checks.finite("truncation", np.asarray(truncation, np.float32))
        if psi.shape not in ((), (len(z),)):
            raise ValueError(f"truncation must be one number or [{len(z)}], not {checks.shape_text(psi.shape)}")
        return z, labels, np.broadcast_to(psi, len(z))

    def _averages(self, labels: np.ndarray) -> np.ndarray:
        """What truncation leads to, [n or 1, w_size]: the average w, or that of the classes, mixed as they are."""
        if self._class_averages is None:
            return self._average[None]
        shares = np.clip(labels, 0.0, None)
        total = shares.sum(axis=1, keepdims=True)
        mixed: np.ndarray = shares @ self._class_averages / np.where(total > 0.0, total, 1.0)
        return np.where(total > 0.0, mixed, self._average)

    def _rescaled(self, z: Any) -> np.ndarray:
        """Vectors of the length that training's have: others arrive multiplied by a truncation that is for w."""
        z = np.asarray(z, np.float32)
        if z.ndim != 2 or self.config.labels != "concat" or not self.num_classes:
            return z
        lengths = np.sqrt(np.square(z).mean(axis=1, keepdims=True))
        return z / np.where(lengths > 0, lengths, 1.0)

    def _mapped(self, z: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """W [n, w_size], not truncated."""
        at_once = _AT_ONCE if len(z) >= _AT_ONCE else 1
        given = (z, labels) if self.num_classes else (z,)
        if not len(z):
            return np.zeros((0, self.config.w_size), np.float32)
        return in_batches(self._graphs.mapping(at_once), at_once, *given)
