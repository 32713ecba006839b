"""Manifests: what a video was made from, as JSON beside it; enough to make it again."""

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

from core.files import json_files
from core.files.atomic import write_text
from core.files.regular import sha256
from core.protocols import ImageModel
from ganspace import files

log = logging.getLogger(__name__)

FORMAT, VERSION = "hallu film", 1
_PACKAGES = ("hallu", "numpy", "tensorflow", "keras", "scipy", "soxr", "av")
# Files that describe a model and are not part of it.
_BESIDE = {".md", ".png", ".jpg", ".txt"}


def build(
    command: str, parameters: Mapping[str, Any], video: Mapping[str, Any], **more: Mapping[str, Any]
) -> dict[str, Any]:
    """Put a manifest together.

    Args:
        command: "visualize", "react", "tempo" or "hallucinate".
        parameters: all of them, including the seed.
        video: from `video_record`.
        more: further records, such as the song's.
    """
    head = {"format": FORMAT, "version": VERSION, "command": command, "parameters": dict(parameters)}
    made = {"made": datetime.now(timezone.utc).isoformat(timespec="seconds"), "versions": versions()}
    return {**head, **video, **more, **made}


def video_record(
    model: ImageModel,
    folder: Path,
    out: Path,
    frames: int,
    rate: Fraction,
    classes: Sequence[int],
    size: tuple[int, int] | None = None,
) -> dict[str, Any]:
    """The record of a video and the model that rendered it.

    Args:
        model: rendered it.
        folder: of the model.
        out: the video file.
        frames: how many it has.
        rate: frames per second.
        classes: numbers of the classes in it.
        size: height and width; None: as rendered.
    """
    height, width = size or (model.size, model.size)
    return {
        "model": model_record(folder),
        "film": {"file": out.name, "frames": frames, "rate": str(rate), "width": width, "height": height},
        "classes": [{"number": one, "name": model.class_names[one]} for one in classes],
    }


def model_record(folder: Path) -> dict[str, Any]:
    """A model's name, folder and checksum."""
    return {"name": folder.name, "folder": str(folder.resolve()), "sha256": folder_checksum(folder)}


def file_record(path: Path) -> dict[str, Any]:
    """A file's path and checksum."""
    return {"path": str(path.resolve()), "sha256": sha256(path)}


def folder_checksum(folder: Path) -> str:
    """One SHA-256 of all files of a model and their names, except descriptions, pictures and components files."""
    total, directions = hashlib.sha256(), files.beside(folder)
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in name.parts)
        if path.is_file() and not hidden and path.suffix.lower() not in _BESIDE and path not in directions:
            total.update(f"{name.as_posix()} {sha256(path)}\n".encode())
    return total.hexdigest()


def warn_of_change(folder: Path, record: Mapping[str, Any]) -> None:
    """Warn in the log where an image model is not the one that a manifest's `model` describes."""
    if folder.is_dir() and folder_checksum(folder) != record["sha256"]:
        log.warning("%s has changed since the manifest was written", folder)


def warn_of_changed_file(record: Mapping[str, Any]) -> None:
    """Warn in the log where a file is not the one of a `file_record`."""
    path = Path(record["path"])
    if path.is_file() and sha256(path) != record["sha256"]:
        log.warning("%s has changed since the manifest was written", path)


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that a video depends on, as far as they are installed."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def write(path: Path, manifest: Mapping[str, Any]) -> None:
    """Write a manifest; the folder is created, and the file is there complete or not at all.

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
    raise TypeError(f"{type(value).__name__} cannot be written into a manifest")


def read(path: Path, command: str) -> dict[str, Any]:
    """Read the manifest of a command.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is not a manifest, or one of another command or version.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no manifest {path}")
    try:
        manifest = json_files.read(path)
    except ValueError as error:
        raise ValueError(f"{path} is not a manifest, the .json file beside a video: {error}") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ValueError(f"{path} is not the manifest of a video, the .json file beside it")
    if manifest.get("version") != VERSION:
        raise ValueError(f"{path} has version {manifest.get('version')!r}; this program reads {VERSION}")
    if manifest.get("command") != command:
        raise ValueError(f"{path} is of hallu {manifest.get('command')}, not of hallu {command}")
    if not isinstance(manifest.get("parameters"), dict):
        raise ValueError(f"{path} has no parameters")
    return manifest
