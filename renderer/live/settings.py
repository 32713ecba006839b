"""How images follow the sound: what commands set, frozen and checked."""

from dataclasses import dataclass, field, replace
from types import MappingProxyType

from core import checks
from core.commands.table import COMMANDS
from core.latent.oscillators import Oscillator
from renderer.bending import Bend
from renderer.live import signals

_MODE = COMMANDS["/image/mode"].arg("name")
_EDIT = COMMANDS["/image/edits"].arg("edit")
MAX_CLASSES = COMMANDS["/image/classes"].max_groups
MAX_EDITS = COMMANDS["/image/edits"].max_groups
# The settings that are one number, with the argument that sets them.
DIALS = {name: COMMANDS[f"/image/{name}"].arg("value") for name in ("truncation", "jitter", "smooth", "bpm")}
# So that tempo mode moves before anything is set: a beat, a bar, four bars.
OSCILLATORS = MappingProxyType(
    {
        1: Oscillator(tuple(range(0, 16)), 0.5, 1.0, "bounce"),
        2: Oscillator(tuple(range(16, 48)), 0.7, 4.0, "sin"),
        3: Oscillator(tuple(range(48, 80)), 1.0, 16.0, "cos"),
    }
)
_NO_BENDS: MappingProxyType[int, Bend] = MappingProxyType({})
# Numbers of commands that set two of them.
AMOUNTS = {
    "noise": COMMANDS["/image/noise"].arg("amount"),
    "noise_speed": COMMANDS["/image/noise"].arg("speed"),
    "displace": COMMANDS["/image/displace"].arg("amount"),
    "displace_scale": COMMANDS["/image/displace"].arg("scale"),
}


@dataclass(frozen=True)
class Settings:
    """What commands under /image set; ranges are those of the command table.

    Attributes:
        truncation: how far from the average images may be.
        jitter: how far loudness and onsets push the image off its path; 0: not at all.
        smooth: how slowly it follows; 0: at once.
        mode: follow, tempo or free.
        bpm: beats per minute, in tempo mode.
        oscillators: by number, from 1.
        classes: numbers of the model's classes; empty before there is a model.
        edits: how far along each direction, in standard deviations; those that are left out are 0.
        bends: by number, from 1; see `renderer.bending`.
        noise: 0..4 times the noise that the model was trained with.
        noise_speed: how fast it turns into other noise, in turns per second.
        displace: how far the image flows along a displacement map; 0: not at all.
        displace_scale: how fine the map is.
        bindings: the controls that follow signals.

    Raises:
        ValueError: a value breaks a rule; the message names it.
    """

    truncation: float = 0.8
    jitter: float = 0.4
    smooth: float = 0.2
    mode: str = "follow"
    bpm: float = 120.0
    oscillators: MappingProxyType[int, Oscillator] = field(default_factory=lambda: OSCILLATORS)
    classes: tuple[int, ...] = ()
    edits: tuple[float, ...] = ()
    bends: MappingProxyType[int, Bend] = field(default_factory=lambda: _NO_BENDS)
    noise: float = 1.0
    noise_speed: float = 0.0
    displace: float = 0.0
    displace_scale: float = 0.5
    bindings: signals.Bindings = field(default_factory=lambda: signals.NONE)

    def __post_init__(self) -> None:
        for name, arg in DIALS.items():
            checks.in_range(name, getattr(self, name), arg.low, arg.high)
        if self.mode not in _MODE.choices:
            raise checks.mismatch("mode", f"be {_MODE.range_text}", self.mode)
        if len(self.classes) > MAX_CLASSES:
            raise ValueError(f"there may be at most {MAX_CLASSES} classes, not {len(self.classes)}")
        if len(self.edits) > MAX_EDITS:
            raise ValueError(f"there may be at most {MAX_EDITS} edits, not {len(self.edits)}")
        for edit in self.edits:
            checks.in_range("edit", edit, _EDIT.low, _EDIT.high)
        for name, arg in AMOUNTS.items():
            checks.in_range(name, getattr(self, name), arg.low, arg.high)

    @property
    def lag_s(self) -> float:
        """Time constant of smoothing; the square of `smooth`, so that small values can be told apart."""
        return 2.0 * self.smooth**2

    def with_oscillator(self, number: int, oscillator: Oscillator) -> "Settings":
        """The same with this oscillator; one of magnitude 0 does not move and keeps its axes."""
        return replace(self, oscillators=MappingProxyType({**self.oscillators, number: oscillator}))

    def with_bend(self, number: int, bend: Bend | None) -> "Settings":
        """The same with this bend; None: without one of this number."""
        others = {other: one for other, one in self.bends.items() if other != number}
        return replace(self, bends=MappingProxyType(others if bend is None else {**others, number: bend}))
