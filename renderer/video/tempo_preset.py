"""Read a loop's parameters from a file: YAML, TOML, JSON, or the manifest of a loop."""

import json
from pathlib import Path
from typing import Any

from core.files import json_files
from core.files.regular import read_text
from core.formats import toml_file, yaml_file
from renderer.video import manifest

COMMAND = "tempo"


def read_preset(path: Path) -> dict[str, Any]:
    """Read parameters from a .yaml, .toml or .json file; a loop's own manifest is one of these.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the suffix is another one, or the file cannot be read.
    """
    readers = {".yaml": _yaml, ".yml": _yaml, ".toml": _toml, ".json": _json}
    if path.suffix.lower() not in readers:
        raise ValueError(f"a preset ends in {', '.join(readers)}, not in {path.suffix!r}")
    if not path.is_file():
        raise FileNotFoundError(f"there is no preset {path}")
    try:
        values = readers[path.suffix.lower()](path)
    except UnicodeDecodeError:
        raise ValueError(f"the preset {path} is not UTF-8 text") from None
    if not isinstance(values, dict):
        raise ValueError(f"the preset {path} must contain names and values")
    return values


def _yaml(path: Path) -> Any:
    text = read_text(path)
    try:
        return yaml_file.parse(text, tagged=False)
    except ValueError as error:
        raise ValueError(f"the preset {path} is not YAML: {error}") from None


def _toml(path: Path) -> Any:
    text = read_text(path)
    try:
        return toml_file.parse(text)
    except ValueError as error:
        raise ValueError(f"the preset {path} is not TOML: {error}") from None


def _json(path: Path) -> Any:
    try:
        values = json.loads(read_text(path))
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"the preset {path} is not JSON: {error}") from None
    return manifest.read(path, COMMAND)["parameters"] if "format" in values else values


def model_of(path: Path) -> str | None:
    """The folder of a loop's image model, if this is a loop's manifest and the folder still exists."""
    if path.suffix.lower() != ".json" or "format" not in json_files.read_object(path):
        return None
    folder = str(manifest.read(path, COMMAND).get("model", {}).get("folder", ""))
    return folder if Path(folder).is_dir() else None
