"""How a video responds to sound: the parameters of the BigGAN Audio Visualizer, each with its range."""

from dataclasses import dataclass

import numpy as np

from renderer.sound_to_image import REACH
from renderer.video.analysis import DEFAULT_HOP, HOP_STEP

# Lowest and highest value, as documented, and which must be whole numbers.
LIMITS: dict[str, tuple[float, float]] = {
    "pitch_sensitivity": (200, 295),
    "tempo_sensitivity": (0.05, 0.8),
    "jitter": (0, 1),
    "truncation": (0.1, 1),
    "smooth_factor": (10, 30),
    "depth": (0.01, 1),
    "frame_length": (HOP_STEP, 128 * HOP_STEP),
    "num_classes": (1, 12),
    "batch_size": (1, 1024),
}
MIXES = ("blend", "peak")
_WHOLE = {"frame_length", "num_classes", "batch_size"}


def check(name: str, value: float) -> float:
    """Check the value of a parameter; a whole number is returned as an int.

    Raises:
        ValueError: it is out of range.
    """
    low, high = LIMITS[name]
    if not (np.isfinite(value) and low <= value <= high):
        raise ValueError(f"{name} must be in {low:g}..{high:g}, not {value:g}")
    if name in _WHOLE and value != int(value):
        raise ValueError(f"{name} must be a whole number, not {value:g}")
    if name == "frame_length" and value % HOP_STEP:
        raise ValueError(f"frame_length must be a multiple of {HOP_STEP}, not {value:g}")
    return int(value) if name in _WHOLE else value


@dataclass(frozen=True)
class Response:
    """How a video responds to sound; ranges are those of `LIMITS`.

    Attributes:
        pitch_sensitivity: at 200 the classes take 100 frames of 512 samples to follow a pitch, at 295 five.
        tempo_sensitivity: how far loudness and onsets move z.
        jitter: how unevenly they move its values; 0: all alike.
        truncation: the values of z stay within twice this.
        smooth_factor: frames of 512 samples over which the classes are averaged.
        depth: the strength of the classes, see `mix`.
        mix: "blend": the class weights have the sum depth; "peak": the strongest has it. See
            `sound_to_image.class_weights`.
        sort_by_power: the first class follows the strongest pitch; else the classes are a chromatic scale.
        frame_length: samples at 22 050 Hz from one frame to the next; the times above do not depend on it.

    Raises:
        ValueError: a value is out of its range.
    """

    pitch_sensitivity: float = 220.0
    tempo_sensitivity: float = 0.25
    jitter: float = 0.5
    truncation: float = 1.0
    smooth_factor: float = 20.0
    depth: float = 1.0
    mix: str = "blend"
    sort_by_power: bool = False
    frame_length: int = DEFAULT_HOP

    def __post_init__(self) -> None:
        for name in set(vars(self)) & set(LIMITS):
            check(name, getattr(self, name))
        if self.mix not in MIXES:
            raise ValueError(f"mix must be one of {', '.join(MIXES)}, not {self.mix!r}")

    @property
    def pitch_frames(self) -> float:
        """Time constant of the classes, in frames."""
        return (300.0 - self.pitch_sensitivity) * DEFAULT_HOP / self.frame_length

    @property
    def pace(self) -> float:
        """How far full loudness moves z per frame."""
        return self.tempo_sensitivity * self.frame_length / DEFAULT_HOP

    @property
    def smooth_frames(self) -> int:
        """Over how many frames the classes are averaged."""
        return max(1, round(self.smooth_factor * DEFAULT_HOP / self.frame_length))

    @property
    def bound(self) -> float:
        """The largest absolute value of z."""
        return REACH * self.truncation
