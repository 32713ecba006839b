"""The configuration of a song's video: signals, segments, latents, classes, noise, displacement, bends; from TOML.

Where a control may be a curve its value stays as it is written; `curves.Curves.at` makes a curve of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core import checks
from core.audio.signals.chain import Chain
from core.audio.signals.segments import CUTOFF_HZ

FOLLOWS = ("segments", "weights", "path")
DRAWS = ("model", "aiart")
EXPOSURES = ("model", "measured")


@dataclass(frozen=True)
class SegmentsConfig:
    """How the song is divided; see `core.audio.signals.segments`."""

    source: str = "mix"
    cutoff_hz: float = CUTOFF_HZ
    shortest_s: float = 0.04
    longest_s: float = 16.64
    least_s: float = 0.0
    most_s: float = 3600.0

    def __post_init__(self) -> None:
        checks.in_range("least_s of segments", self.least_s, 0, unit="s")
        checks.above("most_s of segments", self.most_s, 0, unit="s")


@dataclass(frozen=True)
class TrackConfig:
    """One track of latents.

    Attributes:
        follow: "segments": a latent for each; "weights": a mixture by a signal's columns; "path": a closed path.
        weights: of "weights": the signal.
        position: of "path": a curve; each whole number is a latent.
        points: of "path": how many latents there are.
        transition_s: of "segments": how long it takes from one to the next.
        lead_s: of "segments": how long before the boundary that begins.
        ease: of "segments": whether it begins and ends gently.
        seed: of the seeds of the latents; None: the video's.
        seeds: of the latents themselves; empty: drawn.
    """

    follow: str
    weights: str = ""
    position: Any = 0.0
    points: int = 8
    transition_s: float = 1.0
    lead_s: float = 5 / 24
    ease: bool = False
    seed: int | None = None
    seeds: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        checks.one_of("follow of a track", self.follow, FOLLOWS)
        checks.whole("points of a track", self.points, 2, 1000)
        checks.in_range("transition_s of a track", self.transition_s, 0, unit="s")
        checks.in_range("lead_s of a track", self.lead_s, 0, unit="s")
        _check_seeds("a track", *self.seeds, self.seed)
        if self.follow == "weights" and not self.weights:
            raise ValueError("a track that follows weights needs `weights`, the name of a signal")


@dataclass(frozen=True)
class LatentsConfig:
    """The latents: tracks, the two stacks of them, what mixes these, and the truncation (both may be curves).

    `draw` is how a seed becomes a latent vector: as the "model" draws it, or as "aiart" does, with TensorFlow.
    """

    tracks: Mapping[str, TrackConfig]
    a: tuple[tuple[str, int], ...]
    b: tuple[tuple[str, int], ...] = ()
    modulation: Any = 0.0
    truncation: Any = 1.0
    draw: str = "model"

    def __post_init__(self) -> None:
        checks.one_of("draw of latents", self.draw, DRAWS)
        for name, count in (*self.a, *self.b):
            checks.one_of("a track", name, self.tracks or ("none",))
            checks.whole(f"blocks of track {name}", count, 1, 64)
        if not self.a:
            raise ValueError('a of latents must name at least one track, such as [["sections", 8]]')


@dataclass(frozen=True)
class ClassesConfig:
    """The classes, of a model that has some.

    Attributes:
        follow: "segments": one for each; "weights": a mixture by a signal's columns; "path": one after the other.
        weights: of "weights": the signal.
        position: of "path": a curve; each whole number is a class.
        count: how many; fewer where the model has fewer.
        contrast: of "weights" and "path": how clearly one stands out, 1..24.
        smooth_s: of "weights": over how long they are averaged.
        transition_s: of "segments": how long it takes from one to the next.
    """

    follow: str = "segments"
    weights: str = ""
    position: Any = 0.0
    count: int = 8
    contrast: float = 12.0
    smooth_s: float = 0.5
    transition_s: float = 1.0

    def __post_init__(self) -> None:
        checks.one_of("follow of classes", self.follow, FOLLOWS)
        checks.whole("count of classes", self.count, 1, 12)
        checks.in_range("contrast of classes", self.contrast, 1, 24)
        checks.in_range("smooth_s of classes", self.smooth_s, 0, unit="s")
        checks.in_range("transition_s of classes", self.transition_s, 0, unit="s")
        if self.follow == "weights" and not self.weights:
            raise ValueError("classes that follow weights need `weights`, the name of a signal")


@dataclass(frozen=True)
class NoiseConfig:
    """The noise, of a model that takes some: how far it is turned and its standard deviation (both may be curves).

    Below `from_px` pixels its standard deviation is 1, and it is not displaced.
    """

    turns: Any = 0.0
    sigma: Any = 1.0
    from_px: int = 64
    seed: int | None = None

    def __post_init__(self) -> None:
        checks.whole("from_px of noise", self.from_px, 0, 4096)
        _check_seeds("noise", self.seed)


@dataclass(frozen=True)
class DisplacementConfig:
    """The displacement of the noise: how much, and how far its vectors are turned (both may be curves); 0: none."""

    amount: Any = 0.0
    turns: Any = 0.0
    detail: float = 0.9
    least_px: float = 0.0

    def __post_init__(self) -> None:
        checks.in_range("detail of displacement", self.detail, 0, 1)
        checks.in_range("least_px of displacement", self.least_px, 0)


@dataclass(frozen=True)
class BendConfig:
    """A transform of what a layer of a model gives; the numbers may be curves.

    Attributes:
        transform: its name.
        at_px: in which layer, by the pixels of its edge; where the model has none of this size, in the next smaller.
        on: "rgb": on what the layer adds to the colours; "features": on its maps; "frame": on the finished frame. See
            `bends.place`.
        amount: docs/react.md says what each transform makes of it.
        x: of some transforms: the centre, in half edges to the right of the middle, or the direction; None: the usual.
        y: the same, downwards.
        turns: of "displace": how far its map has flowed.
        detail: of "displace": how fine its map is, 0..1.
    """

    transform: str
    at_px: int
    on: str = "rgb"
    amount: Any = 0.0
    x: Any = None
    y: Any = None
    turns: Any = 0.0
    detail: float = 0.9

    def __post_init__(self) -> None:
        checks.whole("at_px of a bend", self.at_px, 4, 4096)
        checks.one_of("on of a bend", self.on, ("rgb", "features", "frame"))


@dataclass(frozen=True)
class ReactConfig:
    """All of it.

    `exposure`: "model": -1 is black and 1 is white; "measured": the darkest and brightest of some frames of the video
    are, for models whose frames have another range. It is the same in all frames.
    """

    latents: LatentsConfig
    signals: Mapping[str, Chain] = field(default_factory=dict)
    segments: SegmentsConfig = field(default_factory=SegmentsConfig)
    classes: ClassesConfig = field(default_factory=ClassesConfig)
    noise: NoiseConfig = field(default_factory=NoiseConfig)
    displacement: DisplacementConfig = field(default_factory=DisplacementConfig)
    bends: tuple[BendConfig, ...] = ()
    exposure: str = "model"

    def __post_init__(self) -> None:
        checks.one_of("exposure", self.exposure, EXPOSURES)


def _check_seeds(owner: str, *seeds: int | None) -> None:
    for seed in seeds:
        if seed is not None:
            checks.whole(f"seed of {owner}", seed, 0, 2**63 - 1)
