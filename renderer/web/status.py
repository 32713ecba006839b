"""What the page shows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class PlayingStatus:
    """The sound that plays; a duration of 0 s is not known."""

    target: str
    position_s: float
    duration_s: float


@dataclass(frozen=True)
class PageStatus:
    """The status of the renderer, as the page gets it. The page shows only what is there.

    Attributes:
        model: name of the loaded image model; "" for none.
        models: names of all installed image models.
        mode: follow, tempo or free.
        fps: frames per second.
        dropped: frames that came too late and were skipped.
        playing: the sound that plays, if any.
        classes: names of the classes that are shown.
        class_ids: their numbers.
        class_weights: their current shares.
        class_names: names of all classes of the model, in the order of their numbers.
        truncation, jitter, smooth, bpm: settings, as in the command table.
        ranges: lowest and highest value of each of these four, from the command table.
        amounts: noise, noise_speed, displace, displace_scale: the setting, its lowest and its highest value.
        preview: whether frames are of half the size, because whole ones come too slowly.
        bend_layers: layers of the model that bend.
        noisy: whether the model has noise inputs.
        transforms: of bends: lowest and highest amount of a fader, and the one that changes nothing.
        bends: by number: layer, transform, amount.
        recording: whether the frames are being recorded.
        busy: whether the sound engine works.
        saved: the file that was written last.
        problem: why a recording has ended early; "": it has not.
        outputs: sinks of pictures by name: "on", "off", or why one cannot be used here.
        components: the file of the directions; "" for none.
        directions: their names.
        direction_count: how many there are.
        edits: how far along each.
        search_progress: how much of the search for directions is done, 0..1; None while there is none.
        images: whether images are rendered; a page without them has the sound only.
        fade: the level of the images now: 0 is black.
        server: the name of the server that plays the sound; "" while there is none.
        pitches: of its sound model.
        conditions: of its sound model: by name the `values` that there are, and those that are `set`.
        values: what the readable commands have set, by address.
        choices: names that there are for arguments, by address and argument.
    """

    model: str = ""
    models: list[str] = field(default_factory=list)
    mode: str = "follow"
    fps: float = 0.0
    dropped: int = 0
    playing: PlayingStatus | None = None
    classes: list[str] = field(default_factory=list)
    class_ids: list[int] = field(default_factory=list)
    class_weights: list[float] = field(default_factory=list)
    class_names: list[str] = field(default_factory=list)
    truncation: float = 0.0
    jitter: float = 0.0
    smooth: float = 0.0
    bpm: float = 0.0
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)
    amounts: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    preview: bool = False
    bend_layers: list[str] = field(default_factory=list)
    noisy: bool = False
    transforms: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    bends: dict[int, tuple[str, str, float]] = field(default_factory=dict)
    recording: bool = False
    busy: bool = False
    saved: str = ""
    problem: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    components: str = ""
    directions: list[str] = field(default_factory=list)
    direction_count: int = 0
    edits: list[float] = field(default_factory=list)
    search_progress: float | None = None
    images: bool = True
    fade: float = 1.0
    server: str = ""
    pitches: list[int] = field(default_factory=list)
    conditions: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    values: dict[str, Sequence[Any]] = field(default_factory=dict)
    choices: dict[str, dict[str, Sequence[str]]] = field(default_factory=dict)
