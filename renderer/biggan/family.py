"""BigGAN-deep in the registry of model families."""

from pathlib import Path
from typing import Any

from core.families import Download, Family, ImageDescription
from renderer.biggan import model_formats

# Hugging Face's pytorch-pretrained-biggan, whose files are published without checksums.
_ADDRESS = "https://s3.amazonaws.com/models.huggingface.co/biggan/{}-{}"
_PUBLISHED, _FILES = ("biggan-deep-128", "biggan-deep-256", "biggan-deep-512"), ("config.json", "pytorch_model.bin")


def describe(folder: Path) -> ImageDescription:
    """What a model's settings say; see `model_formats.read_config` and `class_names` for the errors."""
    config = model_formats.read_config(folder)
    names = model_formats.class_names(folder, config)
    return ImageDescription(config.name, config.resolution, config.z_size, names)


def check(folder: Path) -> None:
    """See that a model can be loaded; see `model_formats.read_weights` for the errors."""
    config = model_formats.read_config(folder)
    model_formats.class_names(folder, config)
    model_formats.read_weights(folder, config)


def _load(folder: Path, **options: str) -> Any:
    from renderer import biggan

    return biggan.load(folder, **options)


FAMILY = Family(
    name="biggan",
    kind="image",
    folder="biggan",
    contents=model_formats.contents(),
    detect=model_formats.is_model,
    describe=describe,
    load=_load,
    check=check,
    checksum=model_formats.checksum,
    downloads={name: tuple(Download(_ADDRESS.format(name, file), file) for file in _FILES) for name in _PUBLISHED},
)
