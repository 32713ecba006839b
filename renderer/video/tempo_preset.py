"""Files that hold a loop's parameters: YAML, TOML, JSON, or the manifest of a loop."""

import json
import sys
from pathlib import Path
from typing import Any

from renderer.video import manifest

COMMAND = "tempo"


def read_preset(path: Path) -> dict[str, Any]:
    """Parameters from a .yaml, .toml or .json file; a loop's own manifest is one too.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is of another kind, or cannot be read.
    """
    readers = {".yaml": _yaml, ".yml": _yaml, ".toml": _toml, ".json": _json}
    if path.suffix.lower() not in readers:
        raise ValueError(f"a preset ends in {', '.join(readers)}, not in {path.suffix!r}")
    if not path.is_file():
        raise FileNotFoundError(f"there is no preset {path}")
    try:
        values = readers[path.suffix.lower()](path)
    except UnicodeDecodeError:
        raise ValueError(f"the preset {path} is no UTF-8 text") from None
    if not isinstance(values, dict):
        raise ValueError(f"the preset {path} must hold names and values")
    return values


def _yaml(path: Path) -> Any:
    import yaml

    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ValueError(f"the preset {path} is no YAML: {error}") from None


def _toml(path: Path) -> Any:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"the preset {path} is no TOML: {error}") from None


def _json(path: Path) -> Any:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"the preset {path} is no JSON: {error}") from None
    return manifest.read(path, COMMAND)["parameters"] if "format" in values else values


def model_of(path: Path) -> str | None:
    """The folder of the model that a loop's manifest was painted with, if this is one and the folder is still there."""
    if path.suffix.lower() != ".json" or "format" not in json.loads(path.read_text(encoding="utf-8")):
        return None
    folder = str(manifest.read(path, COMMAND).get("model", {}).get("folder", ""))
    return folder if Path(folder).is_dir() else None
