"""SpecVQGAN in the registry of model families: folders with a codebook, a transformer and a vocoder.

Such a folder has foley.json, and the three networks in `codebook/`, `transformer/` and `vocoder/`, each in any format
that `run_folder` reads.
"""

import hashlib
from pathlib import Path
from typing import Any

from core import checks
from core.families import Family, FoleyDescription
from core.files import json_files
from specvqgan import run_folder

SETTINGS = "foley.json"
PARTS = ("codebook", "transformer", "vocoder")
_MAX_SECONDS, _MAX_CLASSES = 3600.0, 100_000


def is_model(folder: Path) -> bool:
    """Whether a folder has foley.json and the three networks."""
    try:
        return (folder / SETTINGS).is_file() and all(run_folder.is_run(folder / part) for part in PARTS)
    except OSError:
        return False


def describe(folder: Path) -> FoleyDescription:
    """What foley.json says.

    Raises:
        FileNotFoundError: it is missing.
        ValueError: a value breaks a rule; the message names it.
    """
    path = folder / SETTINGS
    values = json_files.read_object(path)
    try:
        seconds = checks.of_kind("seconds", values.get("seconds"), float)
        checks.above("seconds", seconds, 0, _MAX_SECONDS, "s")
        classes = values.get("classes", [])
        if not isinstance(classes, list) or not all(isinstance(name, str) and name.strip() for name in classes):
            raise checks.mismatch("classes", "be a list of names", classes)
        checks.in_range("the number of classes", len(classes), 0, _MAX_CLASSES)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    return FoleyDescription(folder.resolve().name, seconds, tuple(classes))


def check(folder: Path) -> None:
    """Read all of a folder, to see that it can be loaded; see `_load` for the errors."""
    describe(folder)
    _load(folder)


def checksum(folder: Path) -> str:
    """The SHA-256 of the checksums of the three networks, hexadecimal."""
    sums = [run_folder.checksum(folder / part) for part in PARTS]
    return hashlib.sha256("".join(sums).encode()).hexdigest()


def _load(folder: Path, **options: str) -> Any:
    import specvqgan

    return specvqgan.load_foley(folder, **options)


FAMILY = Family(
    name="specvqgan",
    kind="foley",
    folder="specvqgan",
    contents=f"{SETTINGS} and the folders {', '.join(PARTS)}",
    detect=is_model,
    describe=describe,
    load=_load,
    check=check,
    checksum=checksum,
)
