"""A timeline painted into a file, batch by batch."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Protocol

import numpy as np

from core.audio.blocks import AudioSource
from core.files.atomic import replacing
from core.progress import Progress
from renderer.video.mp4 import Mp4, Writer
from renderer.video.timeline import Timeline


class Painter(Protocol):
    """What a film needs of a picture model; see `renderer.biggan`."""

    name: str
    resolution: int
    z_size: int
    num_classes: int
    class_names: tuple[str, ...]

    def frames_uint8(self, z: np.ndarray, classes: np.ndarray, truncation: float | np.ndarray) -> Iterator[np.ndarray]:
        """[n, z], [n, classes] -> n pictures one after the other, uint8 [H, W, 3]."""


def pictures(painter: Painter, film: Timeline, batch_size: int) -> Iterator[np.ndarray]:
    """The pictures of a timeline one by one, uint8 [H, W, 3]; the numbers of `batch_size` of them are in memory."""
    for noise, classes in film.batches(batch_size, painter.num_classes):
        yield from painter.frames_uint8(noise, classes, film.truncation)


def fill(writer: Writer, frames: Iterator[np.ndarray], count: int, progress: Progress | None = None) -> None:
    """Write `count` pictures and finish the file; it is closed whatever happens."""
    with closing(writer):
        for done, frame in enumerate(frames, 1):
            writer.write(frame)
            if progress:
                progress(done, count)
        writer.finish()


def film(
    path: Path,
    painter: Painter,
    what: Timeline,
    sound: AudioSource | None = None,
    batch_size: int = 20,
    progress: Progress | None = None,
) -> None:
    """Write an MP4; it is there whole or not at all.

    Args:
        path: where it goes; its folder is made.
        painter: paints it.
        what: the pictures.
        sound: cut (or filled with silence) to the length of the pictures.
        batch_size: pictures painted at once.
        progress: called with (pictures done, pictures); what it raises ends the work.

    Raises:
        ValueError: the sound cannot be read to its end.
        OSError: the file cannot be written.
    """
    side = painter.resolution
    with replacing(path) as part:
        writer = Mp4(part, side, side, what.rate, sound)
        fill(writer, pictures(painter, what, batch_size), len(what), progress)
