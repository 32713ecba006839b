"""Model folders: config.json has the values of `config.CipsConfig`; see `renderer.own_format` for the rest."""

from pathlib import Path

from core.files import json_files
from core.files.regular import sha256
from renderer import own_format
from renderer.cips import config as shapes
from renderer.cips import weights
from renderer.cips.config import CipsConfig
from renderer.cips.weights import Arrays

CONTENTS = f"{own_format.CONFIG} and {own_format.WEIGHTS} of cips_train"


def is_model(folder: Path) -> bool:
    """Whether a folder has the files of a generator."""
    try:
        if not all((folder / name).is_file() for name in own_format.FILES):
            return False
        return json_files.read_object(folder / own_format.CONFIG).get("format") == shapes.FORMAT
    except (OSError, ValueError):
        return False


def read_config(folder: Path) -> CipsConfig:
    """Read the shape of a generator.

    Raises:
        FileNotFoundError: there is no config.json.
        ValueError: it breaks a rule; the message names it.
    """
    path = folder / own_format.CONFIG
    values = json_files.read_object(path)
    try:
        return shapes.from_json(values)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def read(folder: Path) -> tuple[CipsConfig, Arrays]:
    """Read a generator: its shape, and all its arrays.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a file is damaged or breaks a rule; the message names it.
    """
    config = read_config(folder)
    arrays = own_format.read_arrays(folder)
    try:
        return config, weights.complete(arrays, config)
    except ValueError as error:
        raise ValueError(f"{folder / own_format.WEIGHTS}: {error}") from None


def class_names(folder: Path, config: CipsConfig) -> tuple[str, ...]:
    """The names of the classes: those in classes.json, or numbers.

    Raises:
        ValueError: classes.json breaks a rule.
    """
    return own_format.class_names(folder / own_format.CLASSES, config.num_classes)


def checksum(folder: Path) -> str:
    """The SHA-256 of the file with the weights, hexadecimal.

    Raises:
        FileNotFoundError: there is none.
    """
    return sha256(folder / own_format.WEIGHTS)
