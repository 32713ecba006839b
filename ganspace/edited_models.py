"""Sound models that are played through directions: moved along them from a z, or by coordinates alone."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ganspace.components import Components

if TYPE_CHECKING:
    from core.progress import Progress
    from gansynth.model import Conditions, Model


class _DirectedModel:
    """Key points [n, size] -> notes, through a layer's activations, which are computed note by note."""

    def __init__(self, model: "Model", components: Components) -> None:
        check_layer(model, components)
        self.sample_rate, self.audio_length = model.sample_rate, model.audio_length
        self._model, self._components = model, components

    def generate(
        self,
        keys: np.ndarray,
        pitches: Sequence[int] | np.ndarray,
        *,
        conditions: "Conditions | None" = None,
        length: int | None = None,
        progress: "Progress | None" = None,
    ) -> np.ndarray:
        """As `Model.generate`: float32 [n, length]."""
        from gansynth.model import stacked

        notes = self.notes(keys, pitches, conditions=conditions, length=length, progress=progress)
        return stacked(notes, length or self.audio_length)

    def notes(
        self,
        keys: np.ndarray,
        pitches: Sequence[int] | np.ndarray,
        *,
        conditions: "Conditions | None" = None,
        length: int | None = None,
        progress: "Progress | None" = None,
    ) -> Iterator[np.ndarray]:
        """As `Model.notes`: each float32 [length]."""
        rows = _LazyRows(
            len(keys), lambda note: self._activations(keys[note][None], [int(pitches[note])], conditions)[0]
        )
        return self._model.notes_from_activations(
            self._components.layer, rows, pitches, length=length, progress=progress
        )

    def blocks(
        self, key: np.ndarray, pitch: int, *, conditions: "Conditions | None" = None, notes: int = 1
    ) -> Iterator[np.ndarray]:
        """As `Model.blocks`: the note of a key point [size], its head and the rest."""
        (activations,) = self._activations(np.asarray(key)[None], [pitch], conditions)
        return self._model.blocks_from_activations(self._components.layer, activations, pitch, notes=notes)

    def _activations(self, keys: np.ndarray, pitches: list[int], conditions: "Conditions | None") -> np.ndarray:
        raise NotImplementedError


class EditedModel(_DirectedModel):
    """A model with fixed edits [at most count], in standard deviations, added to every note."""

    def __init__(self, model: "Model", components: Components, edits: Sequence[float]) -> None:
        """Check that model, components and edits fit.

        Raises:
            ValueError: the components are of a layer that the model does not have, or there are too many edits.
        """
        super().__init__(model, components)
        self._offset = components.offsets(np.asarray([edits], np.float64))[0].astype(np.float32)

    def _activations(self, keys: np.ndarray, pitches: list[int], conditions: "Conditions | None") -> np.ndarray:
        return self._model.activations(keys, pitches, self._components.layer, conditions=conditions) + self._offset


class CoordinateModel(_DirectedModel):
    """Sounds without a z: key points are edits [n, at most count], in standard deviations from the mean.

    The mean is the pitch's own, where the components know it. Conditions have no effect: they enter below the layer.

    Raises:
        ValueError: the components are of a layer that the model does not have; or, when played, bad edits.
    """

    def _activations(self, keys: np.ndarray, pitches: list[int], conditions: "Conditions | None") -> np.ndarray:
        return self._components.activations(keys, pitches).astype(np.float32)


class _LazyRows:
    """Rows that are computed when they are read, so that they are never all in memory."""

    def __init__(self, count: int, make: Callable[[int], np.ndarray]) -> None:
        self._count, self._make = count, make

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> np.ndarray:
        return self._make(index)


def check_layer(model: "Model", components: Components) -> None:
    """Check that the components are of a layer of this model.

    Raises:
        ValueError: they are not; the message says what is wrong.
    """
    if components.layer not in model.layers:
        raise ValueError(f"the components are of {components.layer}, which {model.name} does not have")
    shape = model.layer_shape(components.layer)
    if components.mean.shape != shape:
        raise ValueError(f"the components are of maps {components.mean.shape}; {model.name} has {shape}")
