"""A timeline painted into a file, batch by batch; and a sound painted along its own path."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Protocol

import numpy as np

from gansynth.whole import replacing
from renderer import mapping
from renderer.classes import draw
from renderer.film import timeline
from renderer.film.analysis import analyse
from renderer.film.response import Response
from renderer.film.timeline import Timeline
from renderer.mp4 import Mp4, Writer
from renderer.sound import Sound, Wave

Progress = Callable[[int, int], None]
# About 29 pictures a second: what a hallucination is painted with.
PATH_RESPONSE = Response(frame_length=768)


class Painter(Protocol):
    """What a film needs of a picture model; see `renderer.biggan`."""

    name: str
    resolution: int
    z_size: int
    num_classes: int
    class_names: tuple[str, ...]

    def generate(self, z: np.ndarray, classes: np.ndarray, truncation: float | np.ndarray) -> np.ndarray:
        """[n, z], [n, classes] -> float32 [n, H, W, 3] in -1..1."""


def pictures(painter: Painter, film: Timeline, batch_size: int) -> Iterator[np.ndarray]:
    """The pictures of a timeline one by one, uint8 [H, W, 3]; `batch_size` of them are in memory."""
    for noise, classes in film.batches(batch_size, painter.num_classes):
        yield from as_bytes(painter.generate(noise, classes, film.truncation))


def as_bytes(images: np.ndarray) -> np.ndarray:
    """Values in -1..1 as uint8: each of the 256 steps is as wide, whatever else is in the picture."""
    return np.clip((images + 1.0) * 128.0, 0, 255).astype(np.uint8)


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
    sound: Sound | None = None,
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


def paint(
    wave: np.ndarray,
    sample_rate: int,
    key_times_s: Sequence[float],
    painter: Painter,
    path: Path,
    *,
    sound_keys: np.ndarray | None = None,
    classes: Sequence[int] | None = None,
    response: Response = PATH_RESPONSE,
    seed: int = 0,
    batch_size: int = 20,
    progress: Progress | None = None,
) -> Timeline:
    """Paint a hallucination along its own path: at each of its key points the picture has one too.

    Args:
        wave: float32 [samples].
        sample_rate: hertz.
        key_times_s: when each key point's note starts.
        painter: paints it.
        path: the .mp4.
        sound_keys: [n, latent] the sound's key points: the same sound then has the same picture everywhere. None: the
            picture's key points are drawn.
        classes: 1..12 of the painter's; None: up to twelve are drawn.
        response: how the picture answers to loudness, onsets and pitches.
        seed: of all that is drawn.
        batch_size: pictures painted at once.
        progress: as in `film`.

    Returns:
        What was painted.

    Raises:
        ValueError: key times and key points do not fit; a class is not the painter's.
        OSError: the file cannot be written.
    """
    rng, sound = np.random.default_rng(seed), Wave(wave, sample_rate)
    chosen = draw(painter.num_classes, rng) if classes is None else tuple(classes)
    if sound_keys is None:
        keys = mapping.truncated_normal(rng, (len(key_times_s), painter.z_size))
        class_keys = np.eye(len(chosen))[np.arange(len(keys)) % len(chosen)]
    else:
        keys = mapping.image_keys(sound_keys, painter.z_size)
        class_keys = mapping.class_keys(sound_keys, len(chosen))
    features = analyse(sound, response.frame_length)
    what = timeline.of_path(features, response, chosen, key_times_s, keys, class_keys, seed)
    film(path, painter, what, sound, batch_size, progress)
    return what
