"""Read JSON files, with errors that name the file."""

import json
from pathlib import Path
from typing import Any

from core.files.regular import read_regular

_MAX_SIZE = 2**30


def read(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not a regular file, is larger than a gigabyte, or is not valid JSON.
    """
    content = read_regular(path, _MAX_SIZE)
    try:
        return json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not valid JSON: {error}") from None


def read_object(path: Path) -> dict[str, Any]:
    """Read a JSON file that holds an object.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not valid JSON, or holds something else.
    """
    value = read(path)
    if not isinstance(value, dict):
        raise ValueError(f"{path} must hold a JSON object, not a {type(value).__name__}")
    return value
