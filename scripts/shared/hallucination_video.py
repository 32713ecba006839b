"""Make the video of a hallucination, for `hallu demo` and `hallu hallucinate --film`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.progress import show_progress
from scripts.flags.video import load_image_model

COMMAND = "hallucinate"
CONTROLS = ("truncation", "jitter")
# That of version 0.1, whose manifests do not name it.
CLASS_CONTRAST_BEFORE = 1.0

if TYPE_CHECKING:
    from core.protocols import ImageModel
    from renderer.video.timeline import Timeline


@dataclass(frozen=True)
class Video:
    """The video to make.

    Attributes:
        out: the .mp4.
        pictures: folder of the image model.
        classes: numbers of its classes; none: those shown live.
        controls: truncation and jitter by name; the others are as live.
        class_contrast: how clearly one class stands out; None: as live.
        shape: size, fit and sharpen of `renderer.video.shape.Shape`; the others are as rendered.

    Raises:
        ValueError: the output is not an .mp4, or a control is out of range.
    """

    out: Path
    pictures: Path
    classes: tuple[int, ...] = ()
    controls: dict[str, Any] = field(default_factory=dict)
    class_contrast: float | None = None
    shape: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        from renderer.live.settings import Settings
        from renderer.video.shape import Shape

        if self.out.suffix.lower() != ".mp4":
            raise ValueError(f"--film must end in .mp4, not {self.out.name!r}")
        usual = {name: getattr(Settings(), name) for name in CONTROLS}
        object.__setattr__(self, "controls", usual | self.controls)
        Settings(classes=self.classes, **self.controls)
        Shape(**self.shape)


def render(
    video: Video, wave: np.ndarray, sample_rate: int, key_times_s: Sequence[float], keys: np.ndarray
) -> "tuple[ImageModel, Timeline]":
    """Render the video and show the progress; see `renderer.video.hallucination.render_video`.

    Returns:
        The image model, and what it rendered.
    """
    from renderer.video import hallucination
    from renderer.video.shape import Shape

    model = load_image_model(video.pictures)
    with show_progress("frame", "rendering") as progress:
        done = hallucination.render_video(
            wave, sample_rate, key_times_s, keys, model, video.out,
            classes=video.classes, **video.controls, progress=progress, **_contrast(video),
            shape=Shape(**video.shape),
        )  # fmt: skip
    return model, done


def _contrast(video: Video) -> dict[str, float]:
    return {} if video.class_contrast is None else {"class_contrast": video.class_contrast}


def record(
    video: Video, model: "ImageModel", done: "Timeline", parameters: dict[str, Any], **more: Any
) -> dict[str, Any]:
    """The manifest: `parameters` of the sound and those of the video; `more` as in `renderer.video.manifest.build`."""
    from renderer.live.reactive_path import CLASS_CONTRAST
    from renderer.video import manifest
    from renderer.video.shape import Shape

    own = {"out": video.out.resolve(), "pictures": video.pictures.resolve(), "dials": video.controls}
    own |= {"class_contrast": CLASS_CONTRAST, "shape": video.shape} | _contrast(video)
    size = Shape(**video.shape).at(model.size)
    entry = manifest.video_record(model, video.pictures, video.out, len(done), done.rate, done.classes, size)
    return manifest.build(COMMAND, {**parameters, "film": own}, entry, **more)
