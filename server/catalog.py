"""The sound models and components files that can be loaded, each of which is in memory once, whoever loads it."""

import weakref
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import ganspace
from core import families
from core.files.safe_paths import confined
from core.progress import Progress, ignore
from ganspace.edited_models import check_layer
from gansynth.level import Level
from server.checkpoints import locate, locate_components
from server.loaded_foley import LoadedFoley, measured_gain_db
from server.model_files import states
from server.sinks.spool_limit import ROOMS

if TYPE_CHECKING:
    from core.protocols import FoleyModel
    from ganspace import Components
    from gansynth.model import Model


_Loaded = TypeVar("_Loaded")


def _load_foley(folder: Path) -> "FoleyModel":
    found: FoleyModel = families.load(folder, "foley")
    return found


@dataclass(frozen=True)
class Catalog:
    """Loads by name from the models folders.

    Attributes:
        folders: searched in order.
        loader: reads a checkpoint folder.
        sounds: folders whose sound files clients may name; None: any on this machine.
        foley_loader: reads a folder of a foley model.
        foley_gains: those that were measured, in dB, by the model's files.
        levels: those that were measured, by the model's files; a model that is loaded again is not measured again.
        loaded: what has been loaded, by its files, as long as anything refers to it.
        in_use: whether a room has this loaded at present, so that another one can share it.
    """

    folders: tuple[Path, ...]
    loader: Callable[[Path], "Model"]
    sounds: tuple[Path, ...] | None = None
    levels: dict[Hashable, Level] = field(default_factory=dict, compare=False)
    foley_loader: "Callable[[Path], FoleyModel]" = _load_foley
    foley_gains: dict[Hashable, float] = field(default_factory=dict, compare=False)
    loaded: "weakref.WeakValueDictionary[Hashable, Any]" = field(
        default_factory=weakref.WeakValueDictionary, compare=False
    )
    in_use: Callable[[object], bool] = lambda loaded: False

    def locate(self, name: str) -> Path:
        """The folder of a checkpoint by name or path.

        Raises:
            FileNotFoundError: the models folders have none of this name.
        """
        return locate(name, self.folders)

    def load(self, name: str, between: Callable[[], None] = lambda: None) -> "tuple[Model, Path]":
        """A checkpoint by name or path, ready to play, and its folder.

        Args:
            name: the name or path.
            between: called between two steps.

        Raises:
            FileNotFoundError: the models folders have none of this name.
            ValueError: it cannot be read.
        """
        folder = self.locate(name)

        def load() -> "Model":
            model = self.loader(folder)
            between()
            model.warm_up()
            between()
            return model

        return self._once(_key(folder), load), folder

    def load_foley(self, name: str, progress: "Progress" = ignore) -> LoadedFoley:
        """A foley model by name or path, ready to play, its level measured.

        Args:
            name: the name or path.
            progress: called between two steps of the work.

        Raises:
            FileNotFoundError: the models folders have none of this name.
            ValueError: it cannot be read.
        """
        folder = locate(name, self.folders, "foley")
        key = _key(folder)
        model = self._once(key, lambda: self.foley_loader(folder))
        progress(0, 1)
        if key not in self.foley_gains:
            self.foley_gains[key] = measured_gain_db(model, progress)
        return LoadedFoley(model, str(folder), self.foley_gains[key])

    def sound_file(self, name: str) -> Path:
        """A sound file of a client's.

        Raises:
            FileNotFoundError: there is none, or it is outside the folders that clients may name.
            ValueError: the path is not absolute.
        """
        path = Path(name)
        if not path.is_absolute():
            raise ValueError(f"path must be absolute, not {name[:120]!r}")
        folders = [Path(path.anchor)] if self.sounds is None else self.sounds
        for found in self._outside_rooms(found for folder in folders for found in confined(folder, folder, name)):
            if found.is_file():
                return found
        place = "" if self.sounds is None else " in the folders that clients may name"
        raise FileNotFoundError(f"there is no sound file {name[:120]!r}{place}")

    def _outside_rooms(self, found: Iterator[Path]) -> Iterator[Path]:
        """Leave out what is of the rooms whose folders are in one that clients may name."""
        rooms = [(folder / ROOMS).resolve() for folder in self.sounds or ()]
        return (path for path in found if not any(map(path.is_relative_to, rooms)))

    def load_components(
        self, name: str, model: "Model", folder: Path, progress: "Progress | None" = None
    ) -> "tuple[Components, Path]":
        """Directions of a model, and their file.

        Args:
            name: of a file; "auto": the checkpoint's own, computed and kept if there is none.
            model: the model that they are for.
            folder: its checkpoint folder, searched first.
            progress: see `ganspace.compute`.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: it cannot be read or does not fit the model.
            OSError: the file of "auto" cannot be written.
        """
        if name == "auto":
            file = ganspace.own_file(model)
            components = ganspace.own(model, progress=progress)
        else:
            file = locate_components(name, folder, self.folders)
            components = self._once(_file_key(file), lambda: ganspace.load(file))
        check_layer(model, components)
        return components, file

    def _once(self, key: Hashable, load: Callable[[], _Loaded]) -> _Loaded:
        """What a room has in memory already, or is loaded now."""
        found: _Loaded | None = self.loaded.get(key)
        if found is None or not self.in_use(found):
            found = self.loaded[key] = load()
        return found


def _key(folder: Path) -> Hashable:
    """A model by its files."""
    return str(folder), frozenset(states(folder).items())


def _file_key(file: Path) -> Hashable:
    stat = file.stat()
    return str(file), stat.st_size, stat.st_mtime_ns
