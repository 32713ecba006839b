"""`hallu models`: what checkpoints and picture models there are."""

from collections.abc import Sequence
from pathlib import Path

import gansynth
from ganspace.files import beside
from gansynth.config import spans
from renderer import biggan
from renderer.image_models import class_names

_VOICES = ("NAME", "PITCHES", "LATENT", "SECONDS", "CONDITIONS", "COMPONENTS", "FOLDER")
_PICTURES = ("PICTURES", "PIXELS", "LATENT", "CLASSES", "COMPONENTS", "FOLDER")


def table(models: Sequence[Path]) -> str:
    """Two tables, one line per model.

    Checkpoints: name, pitches, latent size, length in seconds, conditions, components files, folder. Picture models:
    name, pixels of an edge, latent size, number of classes, components files, folder.
    """
    voices, pictures = list(map(_voice, gansynth.find(models))), list(map(_picture, biggan.find(models)))
    none = f"no checkpoints in {', '.join(map(str, models)) or 'any models folder'}; see: hallu models add --help"
    tables = [_aligned([_VOICES, *voices]) if voices else none]
    return "\n\n".join(tables + [_aligned([_PICTURES, *pictures])] * bool(pictures))


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _voice(folder: Path) -> tuple[str, ...]:
    try:
        config = gansynth.read_config(folder)
    except (OSError, ValueError) as error:
        return folder.name, *["-"] * 5, f"cannot be played: {error}"
    seconds = f"{config.audio_length / config.sample_rate:g}"
    lists = (_listed(config.conditions), _components(folder))
    return folder.name, spans(config.pitches), str(config.latent_size), seconds, *lists, str(folder)


def _picture(folder: Path) -> tuple[str, ...]:
    try:
        config, names = biggan.read_config(folder), class_names(folder)
    except (OSError, ValueError) as error:
        return folder.name, *["-"] * 4, f"cannot paint: {error}"
    numbers = (config.resolution, config.z_size, len(names))
    return folder.name, *map(str, numbers), _components(folder), str(folder)


def _components(folder: Path) -> str:
    return _listed([file.name for file in beside(folder)])


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "-"
