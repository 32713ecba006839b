"""What a film was made of, as JSON beside it: enough to make it again."""

import hashlib
import importlib.metadata
import json
import logging
import platform
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from core.files.atomic import write_text
from core.protocols import ImageModel
from ganspace import files

log = logging.getLogger(__name__)

FORMAT, VERSION = "hallu film", 1
_PACKAGES = ("hallu", "numpy", "tensorflow", "keras", "librosa", "av")
# What describes a model without being part of it.
_BESIDE = {".md", ".png", ".jpg", ".txt"}


def build(
    command: str, parameters: Mapping[str, Any], painted: Mapping[str, Any], **more: Mapping[str, Any]
) -> dict[str, Any]:
    """A manifest.

    Args:
        command: "visualize", "tempo" or "hallucinate".
        parameters: all of them, the seed too.
        painted: see `painted`.
        more: what else there is to say, such as the song.
    """
    head = {"format": FORMAT, "version": VERSION, "command": command, "parameters": dict(parameters)}
    made = {"made": datetime.now(timezone.utc).isoformat(timespec="seconds"), "versions": versions()}
    return {**head, **painted, **more, **made}


def painted(
    painter: ImageModel,
    folder: Path,
    out: Path,
    frames: int,
    rate: Fraction,
    classes: Sequence[int],
    size: tuple[int, int] | None = None,
) -> dict[str, Any]:
    """What came out, and who painted it.

    Args:
        painter: did.
        folder: of the picture model.
        out: the film.
        frames: pictures of it.
        rate: of them a second.
        classes: that are in it.
        size: height and width; None: as it was painted.
    """
    height, width = size or (painter.size, painter.size)
    return {
        "model": model_record(folder),
        "film": {"file": out.name, "frames": frames, "rate": str(rate), "width": width, "height": height},
        "classes": [{"number": one, "name": painter.class_names[one]} for one in classes],
    }


def model_record(folder: Path) -> dict[str, Any]:
    """A model's name, place and checksum."""
    return {"name": folder.name, "folder": str(folder.resolve()), "sha256": folder_checksum(folder)}


def file_record(path: Path) -> dict[str, Any]:
    """A file's place and checksum."""
    return {"path": str(path.resolve()), "sha256": _sha256(path)}


def folder_checksum(folder: Path) -> str:
    """One SHA-256 of all files that make a model, with their names; pages, pictures and directions do not count."""
    total, directions = hashlib.sha256(), files.beside(folder)
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in name.parts)
        if path.is_file() and not hidden and path.suffix.lower() not in _BESIDE and path not in directions:
            total.update(f"{name.as_posix()} {_sha256(path)}\n".encode())
    return total.hexdigest()


def tell_change(folder: Path, told: Mapping[str, Any]) -> None:
    """Warn in the log of a picture model that is not what a manifest's `model` says."""
    if folder.is_dir() and folder_checksum(folder) != told["sha256"]:
        log.warning("%s is not the model that it was", folder)


def _sha256(path: Path) -> str:
    total = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(2**20):
            total.update(block)
    return total.hexdigest()


def versions() -> dict[str, str]:
    """Of Python and the packages that a film depends on, as far as they are there."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def write(path: Path, manifest: Mapping[str, Any]) -> None:
    """Write it whole; the folder is made.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps(manifest, indent=2, default=_plain) + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} has no place in a manifest")


def read(path: Path, command: str) -> dict[str, Any]:
    """The manifest of one command.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is none, of another command, or of a newer version.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no manifest {path}")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} is no manifest: {error}") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ValueError(f"{path} is no manifest of a film")
    if manifest.get("version") != VERSION:
        raise ValueError(f"{path} has version {manifest.get('version')!r}; this program reads {VERSION}")
    if manifest.get("command") != command:
        raise ValueError(f"{path} is of hallu {manifest.get('command')}, not of hallu {command}")
    if not isinstance(manifest.get("parameters"), dict):
        raise ValueError(f"{path} has no parameters")
    return manifest
