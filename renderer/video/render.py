"""Render a timeline into a video file, batch by batch."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np

from core.audio.blocks import AudioSource
from core.files.atomic import replacing
from core.progress import Progress
from core.protocols import ImageModel
from renderer.video.mp4 import Mp4, Writer
from renderer.video.shape import Shape
from renderer.video.timeline import Timeline


def frames(model: ImageModel, timeline: Timeline, batch_size: int, shape: Shape | None = None) -> Iterator[np.ndarray]:
    """The frames of a timeline one by one, uint8 [H, W, 3]; inputs for `batch_size` of them are in memory."""
    fitted = (shape or Shape()).fitted(model.size)
    for z, classes in timeline.batches(batch_size, model.num_classes):
        yield from map(fitted, model.render(z, classes, timeline.truncation))


def write_frames(writer: Writer, frames: Iterator[np.ndarray], count: int, progress: Progress | None = None) -> None:
    """Write `count` frames and finish the file; it is closed whatever happens."""
    with closing(writer):
        for done, frame in enumerate(frames, 1):
            writer.write(frame)
            if progress:
                progress(done, count)
        writer.finish()


def write_video(
    path: Path,
    model: ImageModel,
    timeline: Timeline,
    sound: AudioSource | None = None,
    batch_size: int = 20,
    progress: Progress | None = None,
    shape: Shape | None = None,
) -> None:
    """Render an MP4; it is there complete or not at all.

    Args:
        path: of the new file; its folder is created.
        model: renders the frames.
        timeline: inputs of all frames.
        sound: cut, or padded with silence, to the length of the video.
        batch_size: frames handed to the model at once.
        progress: called with (frames done, frames); what it raises ends the work.
        shape: of the frames; None: as rendered.

    Raises:
        ValueError: the sound cannot be read to its end.
        OSError: the file cannot be written.
    """
    with replacing(path) as part:
        writer = Mp4(part, *(shape or Shape()).at(model.size), timeline.rate, sound)
        write_frames(writer, frames(model, timeline, batch_size, shape), len(timeline), progress)
