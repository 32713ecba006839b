"""Model families: the one place that knows which kinds of models exist.

A family is a module with a constant `FAMILY`, a `Family`: how a folder of this kind is recognised, described, checked,
downloaded and loaded. Three sources name such modules, as text, and each is imported when it is first needed:

* `BUILT_IN`, the families of this project;
* installed packages, by an entry point of the group "hallu.families" (`tiny = "tiny_package.family"`);
* the environment variable HALLU_FAMILIES (`tiny=tiny_package.family,other=...`), which `register` extends.

Child processes inherit the environment, so the server and the renderer that it starts know the same families. A
renderer on another machine needs the package installed there, or the variable set.
"""

import functools
import importlib
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Literal

log = logging.getLogger(__name__)

Kind = Literal["sound", "image", "foley"]
# Where nobody names a model, the first that is found plays: models are searched by family, in this order.
BUILT_IN: Mapping[str, str] = {
    "gansynth": "gansynth.family",
    "cips": "renderer.cips.family",
    "biggan": "renderer.biggan.family",
    "stylegan2": "renderer.stylegan2.family",
    "specvqgan": "specvqgan.family",
}
GROUP, VARIABLE = "hallu.families", "HALLU_FAMILIES"
KIND_NAMES: Mapping[Kind | None, str] = {
    "sound": "sound model",
    "image": "image model",
    "foley": "model of sounds for pictures",
    None: "model",
}
KIND_PLURALS: Mapping[Kind, str] = {
    "sound": "sound models",
    "image": "image models",
    "foley": "models of sounds for pictures",
}


@dataclass(frozen=True)
class SoundDescription:
    """What a sound model's folder says about it: pitches (MIDI), latent size, audio length (samples), sample rate (Hz).

    `conditions` names the labels besides the pitch.
    """

    name: str
    pitches: tuple[int, ...]
    latent_size: int
    audio_length: int
    sample_rate: int
    conditions: tuple[str, ...] = ()


@dataclass(frozen=True)
class ImageDescription:
    """What an image model's folder says about it: frame size (pixels of an edge), latent size, names of its classes."""

    name: str
    size: int
    z_size: int
    class_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class FoleyDescription:
    """What the folder of a model of sounds for pictures says about it: seconds of a clip, names of its classes."""

    name: str
    seconds: float
    class_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Download:
    """A file of a known model.

    Attributes:
        address: of the file on the web.
        file: its name in the model's folder; "": an archive, which is unpacked.
        sha256: its checksum in hexadecimal; None where its publisher gives none.
    """

    address: str
    file: str = ""
    sha256: str | None = None


@dataclass(frozen=True)
class Family:
    """One kind of model.

    Attributes:
        name: of the family.
        kind: what its models make.
        folder: below a models folder, where its models are.
        contents: what a folder of this kind contains, for messages: "config.json and weights".
        detect: whether a folder holds such a model; must be quick, and raise nothing.
        describe: reads little of a folder. Raises FileNotFoundError or ValueError, with the file and the rule.
        load: the model of a folder, an `ImageModel` or a `SoundModel` of core/protocols.py. It takes the folder, and
            `engine` and `precision` (core/nn/names.py) where they are given. Raises as `describe`.
        check: reads all of a folder, to see that `load` will work. Raises as `describe`.
        checksum: of a folder's weights, hexadecimal. Raises as `describe`.
        downloads: known models: name -> its files.
        suffixes: of files that are a model by themselves, such as ".pkl".
    """

    name: str
    kind: Kind
    folder: str
    contents: str
    detect: Callable[[Path], bool]
    describe: Callable[[Path], SoundDescription | ImageDescription | FoleyDescription]
    load: Callable[..., Any]
    check: Callable[[Path], None]
    checksum: Callable[[Path], str]
    downloads: Mapping[str, tuple[Download, ...]] = field(default_factory=dict)
    suffixes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """A model's folder, and the family that it belongs to."""

    family: Family
    folder: Path

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name


def register(name: str, module: str) -> None:
    """Add a family, for this process and those that it starts from now on.

    Args:
        name: of the family.
        module: path of the module that has its FAMILY.

    Raises:
        ValueError: another module has this name, or one of the two cannot be written into HALLU_FAMILIES.
    """
    if not (name.isidentifier() and all(part.isidentifier() for part in module.split("."))):
        raise ValueError(f"a family is registered by a plain name and the path of a module, not {name!r}, {module!r}")
    known = modules()
    if known.setdefault(name, module) != module:
        raise ValueError(f"the family {name!r} is {known[name]} already, not {module}")
    if name not in _from_environment():
        os.environ[VARIABLE] = ",".join(filter(None, (os.environ.get(VARIABLE), f"{name}={module}")))


def modules() -> dict[str, str]:
    """Names of all families and the paths of their modules; nothing is imported.

    Raises:
        ValueError: HALLU_FAMILIES is not a list of NAME=MODULE.
    """
    return {**BUILT_IN, **_from_environment(), **_installed(), **BUILT_IN}


def families(kind: Kind | None = None) -> tuple[Family, ...]:
    """All families by kind, or those of one kind, this project's first, in the order of `BUILT_IN`.

    One whose module cannot be imported is left out, and the log says why.
    """
    found = [family for name, module in modules().items() if (family := _imported(name, module))]
    return tuple(sorted((one for one in found if kind in (None, one.kind)), key=lambda one: one.kind))


def family_of(folder: Path, kind: Kind | None = None) -> Family:
    """The family of the model in a folder.

    Raises:
        FileNotFoundError: there is none in it, or none of this kind.
    """
    for family in families(kind):
        if family.detect(folder):
            return family
    raise FileNotFoundError(f"{folder} contains no {KIND_NAMES[kind]}; {contents(kind)}")


def contents(kind: Kind | None = None) -> str:
    """A clause that says what folders of models contain, for messages."""
    return "; ".join(f"a folder of {one.name} has {one.contents}" for one in families(kind))


def find(models: Sequence[Path], kind: Kind | None = None) -> list[Found]:
    """The models in the models folders, in that order, then by family and name; the first of a name counts."""
    found: dict[tuple[Kind, str], Found] = {}
    for place in models:
        for family in families(kind):
            for model in _in_folder(Path(place), family):
                found.setdefault((family.kind, model.name), model)
    return list(found.values())


def image_description(folder: Path) -> ImageDescription:
    """What an image model's folder says about it.

    Raises:
        FileNotFoundError: there is no image model in it, or a file is missing.
        ValueError: a file breaks a rule; the message names it.
    """
    found = family_of(folder, "image").describe(folder)
    assert isinstance(found, ImageDescription)
    return found


def sound_description(folder: Path) -> SoundDescription:
    """What a sound model's folder says about it.

    Raises:
        FileNotFoundError: there is no sound model in it, or a file is missing.
        ValueError: a file breaks a rule; the message names it.
    """
    found = family_of(folder, "sound").describe(folder)
    assert isinstance(found, SoundDescription)
    return found


def load(folder: str | Path, kind: Kind | None = None, **options: str) -> Any:
    """Load the model of a folder: an `ImageModel` or a `SoundModel` of core/protocols.py.

    Args:
        folder: of the model.
        kind: what it must be; None: either.
        options: `engine` and `precision`; see core/nn/names.py.

    Raises:
        FileNotFoundError: there is no model in it, or none of this kind; or a file of it is missing.
        ValueError: a file breaks a rule; the message names it.
    """
    return family_of(Path(folder), kind).load(Path(folder), **options)


def known_models(kind: Kind | None = None) -> dict[str, tuple[Download, ...]]:
    """The models that can be downloaded by name."""
    return {name: files for family in families(kind) for name, files in family.downloads.items()}


def _in_folder(models: Path, family: Family) -> Iterator[Found]:
    for folder in sorted((models / family.folder).glob("*/")):
        if family.detect(folder):
            yield Found(family, folder)


@functools.cache
def _installed() -> dict[str, str]:
    # Asked for once: reading the entry points of all packages takes milliseconds.
    return {entry.name: entry.value.partition(":")[0] for entry in entry_points(group=GROUP)}


def _from_environment() -> dict[str, str]:
    found: dict[str, str] = {}
    for part in filter(None, os.environ.get(VARIABLE, "").split(",")):
        name, equals, module = (word.strip() for word in part.partition("="))
        if not (name and equals and module):
            raise ValueError(f"{VARIABLE} must be a list of NAME=MODULE, separated by commas; one part is {part!r}")
        found[name] = module
    return found


@functools.cache
def _imported(name: str, module: str) -> Family | None:
    try:
        family = importlib.import_module(module).FAMILY
    except Exception as error:  # what somebody else's module raises
        log.warning("the model family %r (%s) cannot be imported: %s", name, module, error)
        return None
    if not isinstance(family, Family):
        log.warning("the model family %r is left out: FAMILY of %s is not a Family", name, module)
        return None
    return family
