"""Directions of the loaded image model: find and read their file, and turn edits into offsets of a layer."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import ganspace
from core.progress import Progress
from core.protocols import ImageModel, Move
from ganspace import files
from renderer.live.settings import MAX_EDITS

if TYPE_CHECKING:
    from ganspace import Components

log = logging.getLogger(__name__)

AUTO = "auto"
NO_DIRECTIONS = "no directions of images are loaded; send /image/load_ganspace_components first"


class Directions:
    """Components that fit a model, ready to use. `file` is their path; "auto": they are only in memory."""

    def __init__(self, components: "Components", file: str, model: ImageModel) -> None:
        """Check them, and render once with them, so that the first frame does not wait.

        Raises:
            ValueError: they are of a layer that the model does not have, or of another shape.
        """
        check_layer(components, file, model)
        self.file, self.layer, self.count = file, components.layer, components.count
        self.names = components.names
        self._components = components
        self._last: tuple[bytes, np.ndarray] = (b"", np.zeros(0))
        no_offsets = np.zeros((1, *model.layer_shape(self.layer)), np.float32)
        blank = (np.zeros((1, model.z_size)), np.zeros((1, model.num_classes)), 1.0)
        list(model.render(*blank, moves=[Move(self.layer, no_offsets)]))

    @property
    def name(self) -> str:
        """The name of the file."""
        return Path(self.file).name

    @property
    def used(self) -> int:
        """How many are used: at most as many as a message has edits."""
        return min(self.count, MAX_EDITS)

    def row(self, edits: Sequence[float]) -> np.ndarray:
        """All edits [used]: those that are left out are 0.

        Raises:
            ValueError: there are more edits than directions.
        """
        if len(edits) > self.used:
            raise ValueError(f"there are {self.used} directions, so at most as many edits, not {len(edits)}")
        return np.concatenate([np.asarray(edits, np.float64), np.zeros(self.used - len(edits))])

    def offsets(self, edits: np.ndarray) -> np.ndarray | None:
        """What edits [used] add to the layer, float32 [1, height, width, channels]; None if all edits are 0."""
        if not edits.any():
            return None
        # Edits rarely change, and a large layer takes time to add up.
        key = edits.tobytes()
        if key != self._last[0]:
            moved = edits[: int(np.flatnonzero(edits)[-1]) + 1]
            self._last = (key, self._components.offsets(moved[None]).astype(np.float32))
        return self._last[1]


def check_layer(components: "Components", file: str, model: ImageModel) -> None:
    """Check that directions fit a layer of the model.

    Raises:
        ValueError: the model does not have the layer, or its shape differs.
    """
    if components.layer not in model.layers:
        raise ValueError(
            f"{Path(file).name} has directions of {components.layer:.40}; "
            f"{model.name} has the layers {', '.join(model.layers)}"
        )
    shape, own = components.mean.shape, tuple(model.layer_shape(components.layer))
    if shape != own:
        raise ValueError(f"{Path(file).name} is of another model: its {components.layer} is {shape}, not {own}")


def locate(name: str, model: ImageModel, models: Sequence[Path]) -> Path:
    """The components file that NAME means: in the model's folder, under DIR/FAMILY, or an absolute path inside DIR.

    Raises:
        FileNotFoundError: there is none; a file outside these folders counts as missing.
    """
    return files.locate(name, model.folder, "image", models, model.name, "--models")


def load(file: Path, model: ImageModel) -> Directions:
    """Read a components file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it cannot be read, or does not fit the model.
    """
    return Directions(ganspace.load(file), file.as_posix(), model)


def beside(model: Any) -> Directions | None:
    """The model's own directions, if they are in its folder already and are of these weights."""
    checksum = getattr(model, "checksum", "")
    if not checksum or not model.layers:
        return None
    try:
        file = ganspace.own_file(model)
        found = ganspace.load(file) if file.is_file() else None
        if found and found.origin.checksum == checksum:
            return Directions(found, file.as_posix(), model)
    except (ValueError, OSError) as error:
        log.warning("the model's own directions are not loaded: %s", error)
    return None


def own(model: Any, progress: Progress) -> Directions:
    """A model's own directions: searched for where it has none, and saved beside it where its folder is writable.

    Args:
        model: a model with layers, as `ganspace` needs it.
        progress: called with the steps done, and in all; what it raises ends the search.

    Raises:
        ValueError: the existing file cannot be read.
        OSError: it cannot be written.
    """
    from ganspace.analysis import own_plan

    try:
        return Directions(ganspace.own(model, progress=progress), ganspace.own_file(model).as_posix(), model)
    except PermissionError as error:
        log.info("directions are kept in memory only: %s", error)
    return Directions(ganspace.compute(model, own_plan(model), progress=progress), AUTO, model)
