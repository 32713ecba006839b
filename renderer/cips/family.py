"""CIPS in the registry of model families."""

from pathlib import Path
from typing import Any

from core.families import Family, ImageDescription
from renderer.cips import model_files


def describe(folder: Path) -> ImageDescription:
    """What a model's settings say; see `model_files.read_config` and `class_names` for the errors."""
    config = model_files.read_config(folder)
    names = model_files.class_names(folder, config)
    return ImageDescription(folder.resolve().name, config.size, config.z_size, names)


def check(folder: Path) -> None:
    """See that a model can be loaded; see `model_files.read` for the errors."""
    config, _ = model_files.read(folder)
    model_files.class_names(folder, config)


def _load(folder: Path, **options: str) -> Any:
    from renderer import cips

    return cips.load(folder, **options)


FAMILY = Family(
    name="cips",
    kind="image",
    folder="cips",
    contents=model_files.CONTENTS,
    detect=model_files.is_model,
    describe=describe,
    load=_load,
    check=check,
    checksum=model_files.checksum,
)
