"""Model folders in our own format: config.json, weights.safetensors (float16 or float32), and classes.json.

Vectors and single numbers, such as biases, are always float32.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core import checks
from core.files import json_files
from core.files.atomic import new_folder
from core.formats import safetensors_file

CONFIG, WEIGHTS, CLASSES = "config.json", "weights.safetensors", "classes.json"
FILES = (CONFIG, WEIGHTS)


def write(
    folder: Path, settings: Mapping[str, Any], arrays: Mapping[str, np.ndarray], class_names: Sequence[str], dtype: str
) -> None:
    """Write a model: a new folder, there complete or not at all.

    Args:
        folder: new, or empty.
        settings: what config.json says.
        arrays: by name.
        class_names: names of its classes; none: they have numbers.
        dtype: of the arrays in the file, float16 or float32.

    Raises:
        FileExistsError: the folder exists and is not empty.
        ValueError: a value is too large for float16, or there is no such dtype.
    """
    checks.one_of("the arrays' type", dtype, ("float16", "float32"))
    with np.errstate(over="ignore"):
        ready = {name: array.astype(dtype if array.ndim > 1 else np.float32) for name, array in arrays.items()}
    for name, array in ready.items():
        if not np.isfinite(array).all():
            raise ValueError(f"{name} contains a value too large for {dtype}")
    with new_folder(folder) as part:
        (part / CONFIG).write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")
        if class_names:
            text = json.dumps(list(class_names), indent=1, ensure_ascii=False)
            (part / CLASSES).write_text(text + "\n", encoding="utf-8")
        safetensors_file.write(part / WEIGHTS, ready)


def read_arrays(folder: Path) -> dict[str, np.ndarray]:
    """Read the arrays by name, as they are in the file.

    Raises:
        FileNotFoundError: there is no weights.safetensors.
        ValueError: it is damaged.
    """
    return safetensors_file.read(folder / WEIGHTS)


def class_names(path: Path, count: int) -> tuple[str, ...]:
    """The names in a classes.json, or numbers where there is none.

    Args:
        path: of the file.
        count: how many classes the model has.

    Raises:
        ValueError: the file breaks a rule.
    """
    if not path.is_file():
        return tuple(f"class {number}" for number in range(count))
    names = json_files.read(path)
    texts = isinstance(names, list) and all(isinstance(name, str) and name.strip() for name in names)
    if not texts or len(names) != count:
        raise ValueError(f"{path} must be a list of {count} names")
    return tuple(names)
