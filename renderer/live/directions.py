"""Directions of the picture model that is loaded: which file is meant, and what edits along them add to its layer."""

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
_DIRECTIONS = "send /image/load_ganspace_components first"
NO_DIRECTIONS = f"no directions of pictures are loaded; {_DIRECTIONS}"


class Directions:
    """Components that fit a painter, ready to paint with. `file` is where they are from; "auto": only in memory."""

    def __init__(self, components: "Components", file: str, painter: ImageModel) -> None:
        """Check them, and paint once with them, so that the first picture that is wanted does not wait.

        Raises:
            ValueError: they are of a layer that the painter does not have, or of another shape.
        """
        check_layer(components, file, painter)
        self.file, self.layer, self.count = file, components.layer, components.count
        self.names = components.names
        self._components = components
        self._last: tuple[bytes, np.ndarray] = (b"", np.zeros(0))
        nothing = np.zeros((1, *painter.layer_shape(self.layer)), np.float32)
        blank = (np.zeros((1, painter.z_size)), np.zeros((1, painter.num_classes)), 1.0)
        list(painter.render(*blank, moves=[Move(self.layer, nothing)]))

    @property
    def name(self) -> str:
        """Of the file."""
        return Path(self.file).name

    @property
    def used(self) -> int:
        """How many can be moved along: not more than a message has edits."""
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
        """What edits [used] add to the layer: float32 [1, height, width, channels]; None: nothing."""
        if not edits.any():
            return None
        # Sliders mostly rest, and a large layer is not added up in no time.
        key = edits.tobytes()
        if key != self._last[0]:
            moved = edits[: int(np.flatnonzero(edits)[-1]) + 1]
            self._last = (key, self._components.offsets(moved[None]).astype(np.float32))
        return self._last[1]


def check_layer(components: "Components", file: str, painter: ImageModel) -> None:
    """See that directions are of a layer of the painter's.

    Raises:
        ValueError: they are not.
    """
    if components.layer not in painter.layers:
        raise ValueError(
            f"{Path(file).name} has directions of {components.layer:.40}; "
            f"{painter.name} has the layers {', '.join(painter.layers)}"
        )
    shape, own = components.mean.shape, tuple(painter.layer_shape(components.layer))
    if shape != own:
        raise ValueError(f"{Path(file).name} is of another model: its {components.layer} is {shape}, not {own}")


def locate(name: str, painter: ImageModel, models: Sequence[Path]) -> Path:
    """The components file that NAME means: one in the painter's folder, under DIR/FAMILY, or by a path inside DIR.

    Raises:
        FileNotFoundError: there is none inside; what lies outside is not told apart from what is missing.
    """
    return files.locate(name, painter.folder, "image", models, painter.name, "--models")


def load(file: Path, painter: ImageModel) -> Directions:
    """Read a components file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it cannot be read, or does not fit the painter.
    """
    return Directions(ganspace.load(file), file.as_posix(), painter)


def own(painter: Any, progress: Progress) -> Directions:
    """A painter's own directions: found where there are none yet, and kept beside it where its folder takes files.

    Args:
        painter: of `renderer.biggan`; to find directions takes more than to paint.
        progress: called with what is done, and all there is to do; what it raises ends the work.

    Raises:
        ValueError: the file that is there cannot be read.
        OSError: it cannot be written.
    """
    from ganspace.analysis import own_plan

    try:
        return Directions(ganspace.own(painter, progress=progress), ganspace.own_file(painter).as_posix(), painter)
    except PermissionError as error:
        log.info("directions are found for this session: %s", error)
    return Directions(ganspace.compute(painter, own_plan(painter), progress=progress), AUTO, painter)
