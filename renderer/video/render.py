"""A timeline painted into a file, batch by batch."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np

from core.audio.blocks import AudioSource
from core.files.atomic import replacing
from core.progress import Progress
from core.protocols import ImageModel
from renderer.video.mp4 import Mp4, Writer
from renderer.video.timeline import Timeline


def pictures(model: ImageModel, film: Timeline, batch_size: int) -> Iterator[np.ndarray]:
    """The pictures of a timeline one by one, uint8 [H, W, 3]; the numbers of `batch_size` of them are in memory."""
    for noise, classes in film.batches(batch_size, model.num_classes):
        yield from model.render(noise, classes, film.truncation)


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
    model: ImageModel,
    what: Timeline,
    sound: AudioSource | None = None,
    batch_size: int = 20,
    progress: Progress | None = None,
) -> None:
    """Write an MP4; it is there whole or not at all.

    Args:
        path: where it goes; its folder is made.
        model: paints it.
        what: the pictures.
        sound: cut (or filled with silence) to the length of the pictures.
        batch_size: pictures painted at once.
        progress: called with (pictures done, pictures); what it raises ends the work.

    Raises:
        ValueError: the sound cannot be read to its end.
        OSError: the file cannot be written.
    """
    side = model.size
    with replacing(path) as part:
        writer = Mp4(part, side, side, what.rate, sound)
        fill(writer, pictures(model, what, batch_size), len(what), progress)
