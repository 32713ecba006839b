"""Model folders in our own format: see `renderer.own_format`.

config.json has the values of `config.StyleGan2Config`; the arrays are those of `weights.complete`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from core.files import json_files
from renderer import own_format
from renderer.own_format import CLASSES as CLASSES
from renderer.own_format import CONFIG
from renderer.own_format import FILES as FILES
from renderer.own_format import WEIGHTS as WEIGHTS
from renderer.own_format import read_arrays as read_arrays
from renderer.stylegan2 import config as shapes
from renderer.stylegan2.config import StyleGan2Config


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


def write(
    folder: Path,
    config: StyleGan2Config,
    arrays: Mapping[str, np.ndarray],
    class_names: Sequence[str] = (),
    dtype: str = "float16",
) -> None:
    """Write a model of these arrays of `weights.expected`; see `renderer.own_format.write`."""
    own_format.write(folder, shapes.to_json(config), arrays, class_names, dtype)
