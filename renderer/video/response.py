"""How a video responds to sound: the parameters of the BigGAN Audio Visualizer, each with its range."""

from dataclasses import dataclass

from core import checks
from core.audio.song_features import DEFAULT_HOP, HOP_STEP
from renderer.sound_to_image import CLASS_CONTRAST, REACH

# Lowest and highest value, as documented, and which must be whole numbers.
LIMITS: dict[str, tuple[float, float]] = {
    "pitch_sensitivity": (200, 295),
    "tempo_sensitivity": (0.05, 0.8),
    "jitter": (0, 1),
    "truncation": (0.1, 1),
    "smooth_factor": (10, 30),
    "depth": (0.01, 1),
    "class_contrast": (1, 24),
    "frame_length": (HOP_STEP, 128 * HOP_STEP),
    "num_classes": (1, 12),
    "batch_size": (1, 1024),
}
MIXES = ("blend", "peak")
# After how many beats the classes may change; 0: whenever the pitches do.
CHANGES = {"pitch": 0, "beat": 1, "bar": 4, "phrase": 16}
_WHOLE = {"frame_length", "num_classes", "batch_size"}


def check(name: str, value: float) -> float:
    """Check the value of a parameter; a whole number is returned as an int.

    Raises:
        ValueError: it is out of range.
    """
    checks.in_range(name, value, *LIMITS[name])
    if name == "frame_length" and value % HOP_STEP:
        raise checks.mismatch(name, f"be a multiple of {HOP_STEP}", value)
    return checks.whole(name, value) if name in _WHOLE else value


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
        class_contrast: of "blend": how clearly the strongest class stands out, see `sound_to_image.class_weights`.
        sort_by_power: the first class follows the strongest pitch; else the classes are a chromatic scale.
        change_on: the classes change on each "beat", each "bar" of four beats, each "phrase" of sixteen; or as the
            "pitch" does, which is also so where the song has no beat.
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
    class_contrast: float = CLASS_CONTRAST
    sort_by_power: bool = False
    change_on: str = "beat"
    frame_length: int = DEFAULT_HOP

    def __post_init__(self) -> None:
        for name in set(vars(self)) & set(LIMITS):
            check(name, getattr(self, name))
        checks.one_of("mix", self.mix, MIXES)
        checks.one_of("change_on", self.change_on, CHANGES)

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
    def beats(self) -> int:
        """After how many beats the classes may change; 0: whenever the pitches do."""
        return CHANGES[self.change_on]

    @property
    def change_frames(self) -> int:
        """How many frames a change on a beat takes: a quarter of the frames of a change at any time."""
        return max(1, round(self.smooth_frames / 4))

    @property
    def bound(self) -> float:
        """The largest absolute value of z."""
        return REACH * self.truncation
