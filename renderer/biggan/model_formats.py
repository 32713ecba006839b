"""The three formats of model folders: ours, Hugging Face's, TF-Hub's."""

import json
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.files import json_files
from core.files.atomic import new_folder
from core.files.regular import sha256
from core.formats import torch_file
from renderer.biggan import config as shapes
from renderer.biggan import npz_format
from renderer.biggan.config import BigGANConfig

log = logging.getLogger(__name__)
CONFIG, CLASSES, OURS, TORCH = "config.json", "classes.json", npz_format.NAME, "pytorch_model.bin"
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Kind:
    """A format of folders, which have these files, the weights (or their index) last.

    `arrays` reads a folder's, under the names of torch's state dict.
    """

    files: tuple[str, ...]
    config: Callable[[Path], BigGANConfig]
    arrays: Callable[[Path], Arrays]


def is_model(folder: Path) -> bool:
    """Whether a folder has the files of one of the formats."""
    return _kind(folder) is not None


def contents() -> str:
    """The files of each format, for messages."""
    return " or ".join(" and ".join(kind.files) for kind in _KINDS)


def find(models: Iterable[Path]) -> list[Path]:
    """The models in DIR/biggan/ of models folders, in the order of the folders, by name in each.

    A folder whose settings cannot be read is left out, and the log says why.
    """
    places = [place for folder in models for place in sorted((Path(folder) / "biggan").glob("*/"))]
    return [place for place in places if _is_readable(place)]


def read_config(folder: str | Path) -> BigGANConfig:
    """Read the architecture of a model; no weights are read.

    Raises:
        FileNotFoundError: the folder is not one of a BigGAN-deep.
        ValueError: its config.json breaks a rule; the message names it.
    """
    return _known_kind(Path(folder)).config(Path(folder))


def read_weights(folder: Path, config: BigGANConfig) -> Arrays:
    """Read all weights that `config` needs, spectral norm folded in; see `weights.expected`.

    Raises:
        FileNotFoundError: the folder is not one of a BigGAN-deep.
        ValueError: a file is damaged, or an array is missing or has another shape; the message names it.
    """
    from renderer.biggan import weights

    try:
        return weights.complete(_known_kind(folder).arrays(folder), config)
    except ValueError as error:
        raise ValueError(_named(folder, error)) from None


def checksum(folder: Path) -> str:
    """The SHA-256 of a model's weights file, or of their index, which holds a checksum of each variable; hexadecimal.

    Raises:
        FileNotFoundError: the folder is not one of a BigGAN-deep.
    """
    return sha256(folder / _known_kind(folder).files[-1])


def save(folder: Path, config: BigGANConfig, arrays: Arrays, names: Sequence[str], dtype: str = "float16") -> None:
    """Write a model in our own format: a new folder, there complete or not at all.

    Args:
        folder: new, or empty.
        config: the generator's architecture.
        arrays: from `read_weights`.
        names: of its classes.
        dtype: float16, which halves the size and changes brightness by a few thousandths, or float32.

    Raises:
        FileExistsError: the folder exists and is not empty.
        ValueError: a value is too large for float16.
    """
    if dtype == "float16" and (name := npz_format.too_large(arrays)):
        raise ValueError(f"{name} contains a value too large for float16; write float32")
    with new_folder(folder) as part:
        for name, value in ((CONFIG, shapes.to_json(config)), (CLASSES, list(names))):
            (part / name).write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        npz_format.write(part / OURS, arrays, dtype)


def class_names(folder: Path, config: BigGANConfig) -> tuple[str, ...]:
    """The names of the classes: those in classes.json, ImageNet's for 1000 classes, or numbers.

    Raises:
        ValueError: classes.json breaks a rule.
    """
    path = folder / CLASSES
    if path.is_file():
        names = json_files.read(path)
        if not isinstance(names, list) or len(names) != config.num_classes or not all(map(_is_text, names)):
            raise ValueError(f"{path} must be a list of {config.num_classes} names")
        return tuple(names)
    imagenet = Path(__file__).parent / "imagenet.txt"
    if config.num_classes == 1000:
        return tuple(imagenet.read_text(encoding="utf-8").splitlines())
    return tuple(f"class {number}" for number in range(config.num_classes))


def _json_config(folder: Path) -> BigGANConfig:
    path = folder / CONFIG
    values = json_files.read_object(path)
    try:
        return shapes.from_json(values, folder.resolve().name)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _hub_config(folder: Path) -> BigGANConfig:
    from renderer.biggan import hub_module

    return hub_module.read_config(folder)


def _hub_arrays(folder: Path) -> Arrays:
    from renderer.biggan import hub_module

    return hub_module.read(folder)


_KINDS = (
    Kind((CONFIG, OURS), _json_config, lambda folder: npz_format.read(folder / OURS)),
    Kind((CONFIG, TORCH), _json_config, lambda folder: torch_file.read(folder / TORCH)),
    Kind(("saved_model.pb", "variables/variables.index"), _hub_config, _hub_arrays),
)


def _is_readable(folder: Path) -> bool:
    if _kind(folder) is None:
        return False
    try:
        read_config(folder)
    except (ValueError, OSError) as error:
        log.warning("left out: %s", error)
        return False
    return True


def _kind(folder: Path) -> Kind | None:
    return next((kind for kind in _KINDS if all((folder / name).is_file() for name in kind.files)), None)


def _known_kind(folder: Path) -> Kind:
    if (kind := _kind(folder)) is None:
        wanted = "; or ".join(" and ".join(kind.files) for kind in _KINDS)
        raise FileNotFoundError(f"{folder} is not the folder of a model; one has {wanted}")
    return kind


def _named(folder: Path, error: ValueError) -> str:
    return str(error) if str(folder) in str(error) else f"{folder}: {error}"


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())
