"""Which installed picture model is meant: by name, by folder, by resolution, or the first there is."""

import logging
from collections.abc import Sequence
from pathlib import Path

from renderer import biggan
from renderer.biggan import model_formats

log = logging.getLogger(__name__)

LOOK_S = 2.0


def choose(models: Sequence[Path], name: str | None = None, resolution: int | None = None) -> Path:
    """The folder of a picture model.

    Args:
        models: folders with models in DIR/biggan/NAME, in the order in which they are searched.
        name: of one of them, or any folder by path; None: the first, so the one that ships.
        resolution: in pixels; None: any.

    Raises:
        FileNotFoundError: there is none like it; the message says what there is.
        ValueError: the named one has another resolution.
    """
    found = [(folder, side) for folder in biggan.find(models) if (side := _side(folder))]
    if name:
        return _named(name, dict(found), resolution)
    for folder, side in found:
        if resolution in (None, side):
            return folder
    wanted = f"of {resolution} px " if resolution else ""
    raise FileNotFoundError(f"no picture model {wanted}in the models folders (--models); found: {_list(found)}")


def _named(name: str, found: dict[Path, int], resolution: int | None) -> Path:
    named = [folder for folder in found if folder.name == name]
    if not named and not Path(name).is_dir():
        raise FileNotFoundError(f"no picture model {name!r} in the models folders; found: {_list(list(found.items()))}")
    folder = named[0] if named else Path(name)
    side = found.get(folder) or biggan.read_config(folder).resolution
    if resolution not in (None, side):
        raise ValueError(f"{name} paints {side} px, not {resolution}; leave --resolution out")
    return folder


def _side(folder: Path) -> int | None:
    """A model's resolution; none for one that cannot be read, which is no reason not to take another."""
    try:
        return biggan.read_config(folder).resolution
    except (OSError, ValueError) as error:
        log.warning("%s is left out: %s", folder, error)
        return None


class ModelCatalog:
    """What picture models there are, for those who ask often: looked up anew after LOOK_S at the earliest."""

    def __init__(self, models: Sequence[Path]) -> None:
        """Look into `models`/biggan."""
        self._models = tuple(models)
        self._names: list[str] = []
        self._looked_s = float("-inf")

    def names(self, now_s: float) -> list[str]:
        """Their names, in the order in which they are searched."""
        if now_s - self._looked_s >= LOOK_S:
            self._looked_s = now_s
            self._names = [folder.name for folder in biggan.find(self._models)]
        return self._names


def class_names(folder: Path) -> tuple[str, ...]:
    """What a model's classes are called, without loading it.

    Raises:
        FileNotFoundError: there is no picture model in the folder.
        ValueError: a file of it breaks a rule.
    """
    return model_formats.class_names(folder, biggan.read_config(folder))


def _list(found: Sequence[tuple[Path, int]]) -> str:
    return ", ".join(f"{folder.name} ({side} px)" for folder, side in found) or "none"
