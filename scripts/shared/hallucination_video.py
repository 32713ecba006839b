"""The film of a hallucination: what `hallu demo` and `hallu hallucinate --film` share."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.progress import show_progress
from scripts.flags.video import load_painter

COMMAND = "hallucinate"
DIALS = ("truncation", "jitter")

if TYPE_CHECKING:
    from core.protocols import ImageModel
    from renderer.video.timeline import Timeline


@dataclass(frozen=True)
class Film:
    """What to paint.

    Attributes:
        out: the .mp4.
        pictures: the picture model's folder.
        classes: numbers of its classes; none: those that are shown live.
        dials: truncation and jitter by name; what is not given is as live.

    Raises:
        ValueError: the output is no .mp4, or a dial is out of range.
    """

    out: Path
    pictures: Path
    classes: tuple[int, ...] = ()
    dials: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        from renderer.live.settings import Settings

        if self.out.suffix.lower() != ".mp4":
            raise ValueError(f"--film must end in .mp4, not {self.out.name!r}")
        usual = {name: getattr(Settings(), name) for name in DIALS}
        object.__setattr__(self, "dials", usual | self.dials)
        Settings(classes=self.classes, **self.dials)


def paint(
    film: Film, wave: np.ndarray, sample_rate: int, key_times_s: Sequence[float], keys: np.ndarray
) -> "tuple[ImageModel, Timeline]":
    """Paint it, with a bar on stderr; see `renderer.video.hallucination.render_video`.

    Returns:
        Who painted, and what.
    """
    from renderer.video import hallucination

    model = load_painter(film.pictures)
    with show_progress("picture", "painting") as progress:
        done = hallucination.render_video(
            wave, sample_rate, key_times_s, keys, model, film.out,
            classes=film.classes, **film.dials, progress=progress,
        )  # fmt: skip
    return model, done


def record(
    film: Film, model: "ImageModel", done: "Timeline", parameters: dict[str, Any], **more: Any
) -> dict[str, Any]:
    """The manifest: `parameters` of the sound, and those of the film; `more` as in `renderer.video.manifest.build`."""
    from renderer.video import manifest

    own = {"out": film.out.resolve(), "pictures": film.pictures.resolve(), "dials": film.dials}
    video = manifest.video_record(model, film.pictures, film.out, len(done), done.rate, done.classes)
    return manifest.build(COMMAND, {**parameters, "film": own}, video, **more)
