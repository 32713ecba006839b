"""Control signals of clients (a level, a fader, a sensor) and of the sound that plays, and what they move in images."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from core import checks
from core.audio.features import FEATURE_RATE
from core.commands.table import COMMANDS
from renderer import classes
from renderer.bending import TRANSFORMS

if TYPE_CHECKING:
    from core.protocols import ImageModel
    from renderer.live.settings import Settings
    from renderer.live.sounds import PlayedSound

MAX_SIGNALS = 64
# Those of the sound that plays; see `of_sound`.
SOUND_SIGNALS = ("sound.level", "sound.onset", "sound.brightness", "sound.pitch")
# How fast a value is followed: no frame jumps.
_LAG_S = 0.04
# Standard deviations.
_EDIT_REACH = 3.0


@dataclass(frozen=True)
class Control:
    """What a signal can move.

    Attributes:
        low: what a signal of 0 sets, unless the client says otherwise.
        high: what a signal of 1 sets.
        least: the lowest value allowed.
        most: the highest value allowed.
        named: whether a number or a name follows: "edit 3".
    """

    low: float
    high: float
    least: float
    most: float
    named: bool = False


def _dial(name: str) -> Control:
    arg = COMMANDS[f"/image/{name}"].arg("value")
    return Control(arg.low, arg.high, arg.low, arg.high)


_EDIT = COMMANDS["/image/edits"].arg("edit")
_NOISE = COMMANDS["/image/noise"].arg("amount")
_BEND = COMMANDS["/image/bend"].arg("amount")
# The numbers of edits and bends start at 1.
_NUMBERED = {"edit": COMMANDS["/image/edits"].max_groups, "bend": int(COMMANDS["/image/bend"].arg("number").high)}
CONTROLS = {
    "truncation": _dial("truncation"),
    "jitter": _dial("jitter"),
    "noise": Control(0.0, 1.0, _NOISE.low, _NOISE.high),
    "edit": Control(-_EDIT_REACH, _EDIT_REACH, _EDIT.low, _EDIT.high, named=True),
    "bend": Control(0.0, 1.0, _BEND.low, _BEND.high, named=True),
    "class": Control(0.0, 1.0, 0.0, 1.0, named=True),
}


@dataclass(frozen=True)
class Binding:
    """A control that follows a signal: `low` at 0, `high` at 1.

    Attributes:
        control: a key of CONTROLS.
        which: the number of an edit or a bend, from 1; the number or name of a class; "" for other controls.
        signal: its name.
        low: the control's value at 0.
        high: the control's value at 1.
    """

    control: str
    which: str
    signal: str
    low: float
    high: float

    def at(self, signal: float) -> float:
        """The control's value at a signal's value."""
        return self.low + (self.high - self.low) * signal


Bindings = Mapping[tuple[str, str], Binding]
NONE: Bindings = MappingProxyType({})


def key(words: Sequence[str]) -> tuple[str, str]:
    """The control that the words of /image/map name: (control, which).

    Raises:
        ValueError: there is no such control, or its number or name is missing.
    """
    control = words[0]
    checks.one_of("control", control, tuple(CONTROLS))
    if not CONTROLS[control].named:
        return control, ""
    if len(words) < 2:
        raise ValueError(f"{control} needs a {'number' if control in _NUMBERED else 'name'} after it")
    return control, _place(control, words[1]) if control in _NUMBERED else words[1]


def read(words: Sequence[str]) -> Binding | None:
    """The binding that the words of /image/map describe: control, signal, low, high; None: without a signal, off.

    Raises:
        ValueError: a control, a number or the count of words breaks a rule.
    """
    control, which = key(words)
    known, rest = CONTROLS[control], words[2 if which else 1 :]
    if not rest:
        return None
    if len(rest) not in (1, 3):
        raise ValueError(f"after the control come a signal and perhaps low and high, not {len(rest)} words")
    low, high = (_number(word) for word in rest[1:]) if len(rest) == 3 else (known.low, known.high)
    for name, value in (("low", low), ("high", high)):
        checks.in_range(name, value, known.least, known.most)
    return Binding(control, which, rest[0], low, high)


def with_binding(bindings: Bindings, place: tuple[str, str], binding: Binding | None) -> Bindings:
    """The bindings with one in this place; None: without.

    Raises:
        ValueError: there are too many.
    """
    others = {other: known for other, known in bindings.items() if other != place}
    changed = others if binding is None else {**others, place: binding}
    if len(changed) > MAX_SIGNALS:
        raise ValueError(f"at most {MAX_SIGNALS} controls can follow signals")
    return MappingProxyType(changed)


def applied(settings: "Settings", values: Mapping[str, float]) -> "Settings":
    """The settings with dials, edits and bends where the signals put them; one that has not come yet moves nothing."""
    if not settings.bindings:
        return settings
    changes: dict[str, Any] = {}
    edits, bends = list(settings.edits), dict(settings.bends)
    for binding in settings.bindings.values():
        if binding.signal not in values:
            continue
        value = binding.at(values[binding.signal])
        if binding.control == "edit":
            place = int(binding.which)
            edits += [0.0] * (place - len(edits))
            edits[place - 1] = value
        elif binding.control == "bend":
            number = int(binding.which)
            if number in bends:
                bent = bends[number]
                kind = TRANSFORMS[bent.transform]
                bends[number] = replace(bent, amount=min(max(value, kind.low), kind.high))
        elif binding.control != "class":
            changes[binding.control] = value
    return replace(settings, **changes, edits=tuple(edits), bends=MappingProxyType(bends))


def class_weights(
    weights: np.ndarray, bindings: Bindings, values: Mapping[str, float], model: "ImageModel"
) -> np.ndarray:
    """Class weights [classes] with those that signals bring in, on top of the others; a class it lacks is left out."""
    shares = np.zeros_like(weights)
    for binding in bindings.values():
        if binding.control == "class" and binding.signal in values and len(weights):
            number = _class(binding.which, model)
            if number is not None:
                shares[number] += binding.at(values[binding.signal])
    total = shares.sum()
    return weights if not total else (1.0 - min(1.0, total)) * weights + shares / max(1.0, total)


class Signals:
    """The values of signals, smoothed from frame to frame. Not thread-safe: the scene's lock guards it.

    Attributes:
        shown: the smoothed values, by name.
    """

    def __init__(self) -> None:
        self._wanted: dict[str, float] = {}
        self.shown: dict[str, float] = {}

    def set(self, name: str, value: float) -> None:
        """Set a signal.

        Raises:
            ValueError: there are MAX_SIGNALS others.
        """
        if name not in self._wanted and len(self._wanted) >= MAX_SIGNALS:
            raise ValueError(f"at most {MAX_SIGNALS} signals are kept; {name[:40]!r} would be one more")
        self._wanted[name] = value

    def follow(self, values: Mapping[str, float]) -> None:
        """Set the signals of the sound that plays, see `of_sound`; those that it does not have fall to 0."""
        falling = {name: 0.0 for name in SOUND_SIGNALS if name in self._wanted}
        self._wanted |= falling | dict(values)

    def at(self, step_s: float) -> Mapping[str, float]:
        """The values, this long after the last time."""
        part = 1.0 - math.exp(-step_s / _LAG_S)
        for name, wanted in self._wanted.items():
            shown = self.shown.get(name, wanted)
            self.shown[name] = shown + part * (wanted - shown)
        return self.shown


def of_sound(sound: "PlayedSound", position_s: float) -> dict[str, float]:
    """SOUND_SIGNALS of a sound at a position, 0..1 each, moved less or more as it drives the images."""
    place = min(max(0, int(position_s * FEATURE_RATE)), len(sound.loudness) - 1)
    chroma = sound.chroma[place]
    found = {
        "sound.level": sound.loudness[place],
        "sound.onset": sound.onsets[place],
        "sound.brightness": sound.brightness[place] if len(sound.brightness) else 0.0,
        "sound.pitch": chroma.argmax() / (len(chroma) - 1) if chroma.any() else 0.0,
    }
    return {name: min(1.0, max(0.0, float(value) * min(1.0, sound.drive))) for name, value in found.items()}


def _class(which: str, model: "ImageModel") -> int | None:
    try:
        return classes.find([which], model.class_names)[0]
    except ValueError:
        return None


def _place(control: str, word: str) -> str:
    most = _NUMBERED[control]
    if not word.isdecimal() or not 1 <= int(word) <= most:
        raise ValueError(f"the number of the {control} must be in 1..{most}, not {word!r:.40}")
    return str(int(word))


def _number(word: str) -> float:
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"low and high must be numbers, not {word!r:.40}")
    return value
