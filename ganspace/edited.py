"""A model whose notes are all moved along directions: it plays like the model itself."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ganspace.components import Components

if TYPE_CHECKING:
    from gansynth.model import Conditions, Model, Progress

_AT_ONCE = 8


class Edited:
    """Edits [at most count], in standard deviations, on top of every z's own sound."""

    def __init__(self, model: "Model", components: Components, edits: Sequence[float]) -> None:
        """Check that they go together.

        Raises:
            ValueError: the components are of a layer that the model does not have, or there are too many edits.
        """
        check_layer(model, components)
        self.sample_rate, self.audio_length = model.sample_rate, model.audio_length
        self._model, self._layer = model, components.layer
        self._offset = components.offsets(np.asarray([edits], np.float64))[0].astype(np.float32)

    def generate(
        self,
        z: np.ndarray,
        pitches: Sequence[int] | np.ndarray,
        *,
        conditions: "Conditions | None" = None,
        length: int | None = None,
        progress: "Progress | None" = None,
    ) -> np.ndarray:
        """As `Model.generate`: float32 [n, length]."""
        notes = self.notes(z, pitches, conditions=conditions, length=length, progress=progress)
        waves = list(notes)
        return np.stack(waves) if waves else np.zeros((0, length or self.audio_length), np.float32)

    def notes(
        self,
        z: np.ndarray,
        pitches: Sequence[int] | np.ndarray,
        *,
        conditions: "Conditions | None" = None,
        length: int | None = None,
        progress: "Progress | None" = None,
    ) -> Iterator[np.ndarray]:
        """As `Model.notes`: each float32 [length]."""
        tell = progress or (lambda done, total: None)
        tell(0, len(z))
        for start in range(0, len(z), _AT_ONCE):
            part, at = z[start : start + _AT_ONCE], pitches[start : start + _AT_ONCE]
            moved = self._model.activations(part, at, self._layer, conditions=conditions) + self._offset
            for i, wave in enumerate(self._model.generate_from_activations(self._layer, moved, at, length=length), 1):
                tell(start + i, len(z))
                yield wave


def check_layer(model: "Model", components: Components) -> None:
    """Whether the components are of a layer of this model.

    Raises:
        ValueError: they are not; the message says what is wrong.
    """
    from ganspace.sampling import layer_shape

    if components.layer not in model.layers:
        raise ValueError(f"the components are of {components.layer}, which {model.name} does not have")
    shape = layer_shape(model.config, components.layer)
    if components.mean.shape != shape:
        raise ValueError(f"the components are of maps {components.mean.shape}; {model.name} has {shape}")
