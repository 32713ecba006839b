"""Choose an installed image model: by name, by folder, by resolution, or the first that is found."""

import logging
from collections.abc import Sequence
from pathlib import Path

from core import families
from core.families import ImageDescription

log = logging.getLogger(__name__)

REFRESH_S = 2.0


def choose(models: Sequence[Path], name: str | None = None, resolution: int | None = None) -> Path:
    """The folder of an image model.

    Args:
        models: the models folders, in the order in which they are searched.
        name: of one of the models, or any folder by path; None: the first that is found.
        resolution: pixels of an edge; None: any.

    Raises:
        FileNotFoundError: there is no such model; the message lists those that are found.
        ValueError: the named one has another resolution.
    """
    found = readable(models)
    if name:
        return _named(name, found, resolution)
    for folder, known in found.items():
        if resolution in (None, known.size):
            return folder
    wanted = f"of {resolution} px " if resolution else ""
    raise FileNotFoundError(f"no image model {wanted}in the models folders (--models); found: {_list(found)}")


def readable(models: Sequence[Path]) -> dict[Path, ImageDescription]:
    """The image models whose description can be read; the log names the others."""
    found = {}
    for model in families.find(models, "image"):
        try:
            found[model.folder] = families.image_description(model.folder)
        except (OSError, ValueError) as error:
            log.warning("left out: %s", error)
    return found


def _named(name: str, found: dict[Path, ImageDescription], resolution: int | None) -> Path:
    named = [folder for folder in found if folder.name == name]
    if not named and not Path(name).is_dir():
        raise FileNotFoundError(f"no image model {name!r} in the models folders; found: {_list(found)}")
    folder = named[0] if named else Path(name)
    size = (found.get(folder) or families.image_description(folder)).size
    if resolution not in (None, size):
        raise ValueError(f"{name} has frames of {size} px, not {resolution}; leave --resolution out")
    return folder


class ModelCatalog:
    """Names of the installed image models, for those who ask often: looked up again after REFRESH_S at the earliest."""

    def __init__(self, models: Sequence[Path]) -> None:
        """Look into these models folders."""
        self._models = tuple(models)
        self._names: list[str] = []
        self._looked_s = float("-inf")

    def names(self, now_s: float) -> list[str]:
        """Their names, in the order in which they are searched."""
        if now_s - self._looked_s >= REFRESH_S:
            self._looked_s = now_s
            self._names = [folder.name for folder in readable(self._models)]
        return self._names


def class_names(folder: Path) -> tuple[str, ...]:
    """The names of a model's classes, without loading it.

    Raises:
        FileNotFoundError: there is no image model in the folder.
        ValueError: a file of it breaks a rule.
    """
    return families.image_description(folder).class_names


def _list(found: dict[Path, ImageDescription]) -> str:
    return ", ".join(f"{folder.name} ({known.size} px)" for folder, known in found.items()) or "none"
