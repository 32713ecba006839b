"""Model folders in our own format: config.json and weights.safetensors, float32 or float16, and classes.json.

config.json has the values of `config.StyleGan2Config`; the arrays are those of `weights.complete`. Vectors and single
numbers, such as biases and the average of w, are always float32.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from core import checks
from core.files import json_files
from core.files.atomic import new_folder
from core.formats import safetensors_file
from renderer.stylegan2 import config as shapes
from renderer.stylegan2.config import StyleGan2Config

CONFIG, WEIGHTS, CLASSES = "config.json", "weights.safetensors", "classes.json"
FILES = (CONFIG, WEIGHTS)


def read_config(folder: Path) -> StyleGan2Config:
    """Read the architecture of a model.

    Raises:
        FileNotFoundError: there is no config.json.
        ValueError: it breaks a rule; the message names it.
    """
    path = folder / CONFIG
    values = json_files.read_object(path)
    try:
        return shapes.from_json(values)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def read_arrays(folder: Path) -> dict[str, np.ndarray]:
    """Read the arrays by name, as they are in the file; see `weights.complete`.

    Raises:
        FileNotFoundError: there is no weights.safetensors.
        ValueError: it is damaged.
    """
    return safetensors_file.read(folder / WEIGHTS)


def write(
    folder: Path,
    config: StyleGan2Config,
    arrays: Mapping[str, np.ndarray],
    class_names: Sequence[str] = (),
    dtype: str = "float16",
) -> None:
    """Write a model: a new folder, there complete or not at all.

    Args:
        folder: new, or empty.
        config: the generator's architecture.
        arrays: of `weights.expected`.
        class_names: names of its labels; none: they have numbers.
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
        (part / CONFIG).write_text(json.dumps(shapes.to_json(config), indent=1) + "\n", encoding="utf-8")
        if class_names:
            text = json.dumps(list(class_names), indent=1, ensure_ascii=False)
            (part / CLASSES).write_text(text + "\n", encoding="utf-8")
        safetensors_file.write(part / WEIGHTS, ready)
