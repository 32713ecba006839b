"""`hallu models`: the models that are found, a table for each kind."""

from collections.abc import Callable, Sequence
from pathlib import Path

from core import families
from core.families import FoleyDescription, Found, ImageDescription, Kind, SoundDescription
from core.text import spans
from ganspace.files import beside

_SOUNDS = ("NAME", "PITCHES", "LATENT", "SECONDS", "CONDITIONS", "COMPONENTS", "FOLDER")
_IMAGES = ("IMAGES", "PIXELS", "LATENT", "CLASSES", "COMPONENTS", "FOLDER")
_FOLEY = ("FOLEY", "SECONDS", "CLASSES", "FOLDER")


def table(models: Sequence[Path]) -> str:
    """Up to three tables, one line per model.

    Sound models: name, pitches, latent size, length in seconds, conditions, components files, folder. Image models:
    name, pixels of an edge, latent size, number of classes, components files, folder. Models of sounds for pictures:
    name, length of a clip in seconds, number of classes, folder.
    """
    sounds, images, foley = (_rows(models, kind, cells) for kind, cells in _CELLS.items())
    none = f"no checkpoints in {', '.join(map(str, models)) or 'any models folder'}; see: hallu models add --help"
    tables = [_aligned([_SOUNDS, *sounds]) if sounds else none]
    tables += [_aligned([head, *rows]) for head, rows in ((_IMAGES, images), (_FOLEY, foley)) if rows]
    return "\n\n".join(tables)


def _rows(models: Sequence[Path], kind: Kind, cells: Callable[..., tuple[str, ...]]) -> list[tuple[str, ...]]:
    return [_row(found, cells) for found in families.find(models, kind)]


def _row(found: Found, cells: Callable[..., tuple[str, ...]]) -> tuple[str, ...]:
    try:
        own = cells(found.family.describe(found.folder))
    except (OSError, ValueError) as error:
        width = len(_HEADS[found.family.kind]) - 2
        return found.name, *["-"] * width, f"cannot be {_USED[found.family.kind]}: {error}"
    if "COMPONENTS" in _HEADS[found.family.kind]:
        own = (*own, _listed([file.name for file in beside(found.folder)]))
    return found.name, *own, str(found.folder)


def _sound_cells(known: SoundDescription) -> tuple[str, ...]:
    seconds = f"{known.audio_length / known.sample_rate:g}"
    return spans(known.pitches), str(known.latent_size), seconds, _listed(known.conditions)


def _image_cells(known: ImageDescription) -> tuple[str, ...]:
    return str(known.size), str(known.z_size), str(len(known.class_names))


def _foley_cells(known: FoleyDescription) -> tuple[str, ...]:
    return f"{known.seconds:g}", str(len(known.class_names))


_CELLS: dict[Kind, Callable[..., tuple[str, ...]]] = {
    "sound": _sound_cells,
    "image": _image_cells,
    "foley": _foley_cells,
}
_HEADS: dict[Kind, tuple[str, ...]] = {"sound": _SOUNDS, "image": _IMAGES, "foley": _FOLEY}
_USED: dict[Kind, str] = {"sound": "played", "image": "rendered", "foley": "used"}


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "-"
