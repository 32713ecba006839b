"""`hallu models`: what checkpoints there are."""

from collections.abc import Sequence
from pathlib import Path

import gansynth
from ganspace.files import beside
from gansynth.config import spans

_HEAD = ("NAME", "PITCHES", "LATENT", "SECONDS", "CONDITIONS", "COMPONENTS", "FOLDER")


def table(models: Sequence[Path]) -> str:
    """One line per checkpoint: name, pitches, latent size, length in seconds, conditions, components files, folder."""
    rows = [_HEAD, *map(_row, gansynth.find(models))]
    if len(rows) == 1:
        return f"no checkpoints in {', '.join(map(str, models)) or 'any models folder'}; see: hallu models add --help"
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _row(folder: Path) -> tuple[str, ...]:
    try:
        config = gansynth.read_config(folder)
    except (OSError, ValueError) as error:
        return folder.name, *["-"] * 5, f"cannot be played: {error}"
    seconds = f"{config.audio_length / config.sample_rate:g}"
    lists = (", ".join(names) or "-" for names in (config.conditions, [file.name for file in beside(folder)]))
    return folder.name, spans(config.pitches), str(config.latent_size), seconds, *lists, str(folder)
