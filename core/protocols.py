"""What every model offers, whichever its family: the protocols that the rest of the program is written against.

A model is loaded by `core.families.load`. It may be used from several threads.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from core import checks
from core.progress import Progress


class Move(NamedTuple):
    """Offsets [n, *layer_shape(layer)] that are added to a layer's activations; of n = 1, to those of every frame."""

    layer: str
    offsets: np.ndarray


@runtime_checkable
class ImageModel(Protocol):
    """A generator of square frames.

    Attributes:
        name: of the model.
        folder: where it was loaded from.
        size: pixels of a frame's edge.
        z_size: length of a latent vector.
        num_classes: length of a class vector; 0: the model has no classes.
        class_names: [num_classes].
        layers: what can be read and moved, in order: "z" is the latent vector itself, as a map of one pixel; a mapped
            latent is called "w". Directions can be found in each.
        default_layer: in which directions are found where none is named.
    """

    name: str
    folder: Path
    size: int
    z_size: int
    num_classes: int
    class_names: tuple[str, ...]
    layers: tuple[str, ...]
    default_layer: str

    @property
    def checksum(self) -> str:
        """The checksum of the weights, hexadecimal."""

    def layer_shape(self, layer: str) -> tuple[int, int, int]:
        """Height, width and channels of a layer's activations.

        Raises:
            ValueError: there is no such layer.
        """

    def draw(self, rng: np.random.Generator, count: int, truncation: float) -> np.ndarray:
        """Latent vectors as the generator was trained with, float32 [count, z_size], already truncated."""

    def render(
        self,
        z: np.ndarray,
        classes: np.ndarray | None,
        truncation: float | np.ndarray,
        *,
        noise: Any = None,
        bends: Sequence[Any] = (),
        moves: Sequence[Move] = (),
    ) -> Iterator[np.ndarray]:
        """Render frames, one after the other, each uint8 [size, size, 3]. Arguments are checked before the first.

        Args:
            z: [n, z_size]; already multiplied by the truncation it was drawn for.
            classes: [n, num_classes], one-hot or any mixture; None or [n, 0] where there are no classes.
            truncation: 0..1, or [n].
            noise: see `NoisyImageModel`; None: the usual.
            bends: of `renderer.bending`, for generators whose layers can be transformed.
            moves: by how much which layers are moved.

        Raises:
            ValueError: a shape, a value or a layer breaks a rule, or the model has no noise inputs or no bends.
        """

    def generate(
        self,
        z: np.ndarray,
        classes: np.ndarray | None,
        truncation: float | np.ndarray,
        *,
        noise: Any = None,
        bends: Sequence[Any] = (),
        moves: Sequence[Move] = (),
    ) -> np.ndarray:
        """The same frames all at once, float32 [n, size, size, 3] in -1..1; see `render`."""

    def activations(
        self, z: np.ndarray, classes: np.ndarray | None, truncation: float, layer: str, *, at_once: int = 1
    ) -> np.ndarray:
        """A layer's activations, float32 [n, *layer_shape(layer)]; `at_once` go through the network together."""


@runtime_checkable
class MappedImageModel(ImageModel, Protocol):
    """An image model whose latent vectors are mapped first: z [n, z_size] -> w [n, layers, values] -> frames."""

    def mapping(
        self, z: np.ndarray, classes: np.ndarray | None, truncation: float = 0.7, cutoff: int | None = None
    ) -> np.ndarray:
        """Mapped latents, float32 [n, layers, values]; only the first `cutoff` layers are truncated, None: all."""

    def synthesis(
        self, w: np.ndarray, *, noise: Any = None, bends: Sequence[Any] = (), moves: Sequence[Move] = ()
    ) -> np.ndarray:
        """Frames of mapped latents, float32 [n, size, size, 3] in -1..1; see `render`."""


@runtime_checkable
class BendableImageModel(ImageModel, Protocol):
    """An image model whose layers can be transformed; see `renderer.bending`. What it does not have is left out.

    Attributes:
        bend_layers: what can be bent, in order; "rgb" are the frames.
    """

    bend_layers: tuple[str, ...]

    def warm_up(self, layer: str = "", bends: Sequence[Any] = ()) -> None:
        """Compile what frames with these bends need, so that none waits for it; with a layer, for offsets there.

        Models with noise inputs also take `noise`, and those with previews `preview`.
        """


@runtime_checkable
class NoisyImageModel(ImageModel, Protocol):
    """An image model with noise inputs.

    Attributes:
        noises: its own noise of each layer that takes some, [1, size, size, 1]; `noise` of `render` may be "const"
            (these), "none", "random", or such arrays.
    """

    noises: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Control:
    """Something that a note of a sound model is made from: a number, a vector, or words.

    Attributes:
        name: of the value in `SoundModel.render`.
        low: the lowest number.
        high: the highest number.
        size: how many numbers a vector has; 0: it is one number.
        choices: the only numbers, or the words, that are allowed; empty: any number from low to high.
        several: several of the choices may be given together.
        optional: the value may be left out.
        unit: such as "MIDI pitch"; empty: none.

    Raises:
        ValueError: low is above high, or a number among the choices is outside.
    """

    name: str
    low: float = -math.inf
    high: float = math.inf
    size: int = 0
    choices: tuple[float | str, ...] = ()
    several: bool = False
    optional: bool = False
    unit: str = ""

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise checks.mismatch(f"low of {self.name}", f"be at most {self.high:g}", self.low)
        for choice in self.choices:
            if not isinstance(choice, str):
                checks.in_range(f"a choice of {self.name}", choice, self.low, self.high)


@runtime_checkable
class SoundModel(Protocol):
    """A generator of notes, mono.

    Attributes:
        name: of the model.
        folder: where it was loaded from.
        sample_rate: in Hz.
        audio_length: samples of the longest note.
    """

    name: str
    folder: Path
    sample_rate: int
    audio_length: int

    @property
    def checksum(self) -> str:
        """The checksum of the weights, hexadecimal."""

    @property
    def controls(self) -> tuple[Control, ...]:
        """What a note is made of, with the range of each."""

    def render(self, values: Mapping[str, Any]) -> Iterator[np.ndarray]:
        """Render one note in blocks, float32 [samples]; the whole note is their concatenation.

        Args:
            values: by the names of `controls`.

        Raises:
            ValueError: a control is missing, unknown, or out of its range.
        """


@runtime_checkable
class FoleyModel(Protocol):
    """A generator of sounds for pictures, mono.

    Attributes:
        name: of the model.
        folder: where it was loaded from.
        sample_rate: in Hz.
        seconds: of the pictures that it sees at a time; longer sounds are made part by part.
        classes: names of the classes that a sound can be asked to be of; empty: there are none.
    """

    name: str
    folder: Path
    sample_rate: int
    seconds: float
    classes: tuple[str, ...]

    def stream(
        self,
        frames: Iterable[np.ndarray],
        fps: float,
        *,
        seconds: float | None = None,
        classes: str | int | None = None,
        temperature: float = 1.0,
        top_k: int | None = None,
        seed: int = 0,
        progress: Progress | None = None,
    ) -> Iterator[np.ndarray]:
        """Sounds for pictures, in blocks, float32 [samples]; `generate` is their concatenation.

        Args:
            frames: of the pictures, uint8 [height, width, 3] each; they are read as they are needed.
            fps: frames in a second.
            seconds: of the sound; where the frames end, they begin again. None: as long as the frames.
            classes: the name or the number of a class; None: the pictures decide.
            temperature: of the samples; below 1 they are more likely ones, at 0 the likeliest.
            top_k: how many of the likeliest samples are drawn from; None: the model's own choice.
            seed: the same one gives the same sound.
            progress: called with how many parts are done, and of how many (0: not known). What it raises ends the work.

        Raises:
            ValueError: there are no frames, or a value breaks a rule.
        """

    def generate(
        self,
        frames: Iterable[np.ndarray],
        fps: float,
        *,
        seconds: float | None = None,
        classes: str | int | None = None,
        temperature: float = 1.0,
        top_k: int | None = None,
        seed: int = 0,
        progress: Progress | None = None,
    ) -> np.ndarray:
        """The same sound in one piece, float32 [samples]."""
