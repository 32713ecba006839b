"""Clips to measure: films, folders with frames as pictures, or folders with pictures of their motion.

Pictures of motion are flow_x_00001.jpg, flow_y_00001.jpg and so on, as RegNet's extraction writes them. Where there are
none, the motion is computed of the frames.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core import pictures
from core.video import decoding
from specvqgan.features import feature_files, optical_flow
from specvqgan.features.frame_networks import KINDS

MOTION = "bninception_flow"
_FLOW = ("flow_x_", "flow_y_")


@dataclass(frozen=True)
class ClipFile:
    """A clip and where its features go.

    Attributes:
        source: a film, or a folder of pictures.
        place: of the file of features, relative to the folder of all.
    """

    source: Path
    place: Path


def find(place: Path, kind: str, fps: float) -> list[ClipFile]:
    """The clips that a path means: a film, a folder of pictures, or all of them in a folder and its subfolders.

    Raises:
        FileNotFoundError: there is no such path.
        ValueError: there is no clip, it does not fit the kind of features, or two have the same name.
    """
    if not place.exists():
        raise FileNotFoundError(f"there is no {place}")
    root = place.parent
    if place.is_file() or _is_clip(place) or (kind == MOTION and _is_motion(place)):
        sources = [place]
    else:
        root, inner = place, sorted(place.rglob("*"))
        # What is known of motion is not computed again.
        sources = [each for each in inner if kind == MOTION and _is_motion(each)] or [
            each for each in inner if _is_clip(each)
        ]
    if not sources:
        raise ValueError(f"{place} has no films ({' '.join(sorted(decoding.SUFFIXES))}) and no folders of pictures")
    found: dict[Path, ClipFile] = {}
    for source in sources:
        name = source.stem if source.is_file() else source.name
        target = source.parent.relative_to(root) / KINDS[kind].folder(fps) / f"{name}{feature_files.SUFFIX}"
        if target in found:
            raise ValueError(f"{source} and {found[target].source} would have the same file of features; rename one")
        found[target] = ClipFile(source, target)
    return list(found.values())


def _is_clip(path: Path) -> bool:
    if path.name.startswith("."):
        return False
    if path.is_file():
        return path.suffix.lower() in decoding.SUFFIXES
    return path.is_dir() and bool(_frame_pictures(path))


def _is_motion(path: Path) -> bool:
    return not path.name.startswith(".") and path.is_dir() and any(path.glob(f"{_FLOW[0]}*"))


def _frame_pictures(folder: Path) -> list[Path]:
    return [path for path in pictures.find(folder) if not path.name.startswith(_FLOW)]


def frames(source: Path, kind: str, fps: float, seconds: float = 0) -> Iterator[np.ndarray]:
    """The frames of a clip, uint8 [height, width, 3].

    Args:
        source: a film, or a folder of pictures.
        kind: of features. Frames of motion have the motion across in the first channel, the motion down in the second;
            there is one less than frames of the film.
        fps: frames per second; a folder's pictures have this rate already.
        seconds: what follows is not read; 0: all is.

    Raises:
        ValueError: the clip cannot be read; the message names it.
    """
    try:
        if kind == MOTION and _is_motion(source):
            found = _motion(source)
        elif source.is_file():
            found = decoding.frames(source, fps, seconds or decoding.LONGEST_S)
        else:
            found = _pictures(_frame_pictures(source))
        if kind == MOTION and not _is_motion(source):
            found = optical_flow.pictures(found)
        yield from itertools.islice(found, max(1, round(seconds * fps)) if seconds else None)
    except decoding.DecodingError as error:
        raise ValueError(f"{source} cannot be read: {error}") from None


def _pictures(paths: Sequence[Path], mode: str = "RGB") -> Iterator[np.ndarray]:
    for path in paths:
        try:
            yield np.asarray(pictures.read(path).convert(mode))
        except ValueError as error:
            raise ValueError(f"{path} cannot be read: {error}") from None


def _motion(folder: Path) -> Iterator[np.ndarray]:
    """Pictures of motion, uint8 [height, width, 3]: across, down, nothing."""
    across, down = ([path for path in pictures.find(folder) if path.name.startswith(name)] for name in _FLOW)
    if len(across) != len(down):
        raise ValueError(f"{folder} has {len(across)} pictures {_FLOW[0]}* and {len(down)} pictures {_FLOW[1]}*")
    for one, path, other in zip(_pictures(across, "L"), down, _pictures(down, "L"), strict=True):
        if one.shape != other.shape:
            raise ValueError(f"{path} must be as large as the picture of the other direction")
        yield np.stack([one, other, np.zeros_like(one)], axis=-1)
