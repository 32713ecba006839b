"""Chains of steps that a file describes: from the sounds of a song to control signals, a value for each video frame.

A chain begins at a sound or at another signal, and its steps are composed from left to right, as in AIART's
configuration.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from core import checks
from core.audio.signals import envelopes, harmony, peaks, separation, shaping
from core.audio.signals.signal import Signal

# What a step takes and gives.
WAVE, SIGNAL = "sound", "signal"


@dataclass(frozen=True)
class Step:
    """A step of a chain: its function, whose first argument is what it works on; what it takes, and what it gives."""

    function: Callable[..., Any]
    takes: str
    gives: str

    @property
    def settings(self) -> dict[str, inspect.Parameter]:
        """The settings by name."""
        return dict(list(inspect.signature(self.function).parameters.items())[1:])


STEPS = {
    "harmonic": Step(separation.harmonic, WAVE, WAVE),
    "percussive": Step(separation.percussive, WAVE, WAVE),
    "band": Step(separation.band, WAVE, WAVE),
    "rms": Step(envelopes.rms, WAVE, SIGNAL),
    "onsets": Step(envelopes.onsets, WAVE, SIGNAL),
    "beat": Step(envelopes.beat, WAVE, SIGNAL),
    "chroma": Step(harmony.chroma, WAVE, SIGNAL),
    "decompose": Step(harmony.decompose, WAVE, SIGNAL),
    "normalize": Step(shaping.normalize, SIGNAL, SIGNAL),
    "smooth": Step(shaping.smooth, SIGNAL, SIGNAL),
    "ema": Step(shaping.ema, SIGNAL, SIGNAL),
    "clip": Step(shaping.clip, SIGNAL, SIGNAL),
    "power": Step(shaping.power, SIGNAL, SIGNAL),
    "scale": Step(shaping.scale, SIGNAL, SIGNAL),
    "integral": Step(shaping.integral, SIGNAL, SIGNAL),
    "plateau": Step(shaping.plateau, SIGNAL, SIGNAL),
    "shares": Step(shaping.shares, SIGNAL, SIGNAL),
    "peaks": Step(peaks.peaks, SIGNAL, SIGNAL),
}
RESAMPLE = "resample"
_KEYS = {"from", "steps"}


@dataclass(frozen=True)
class Link:
    """One step with its settings."""

    name: str
    settings: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class Chain:
    """Where a signal comes from, a sound or another signal by name, and the steps to it."""

    source: str
    links: tuple[Link, ...]


def read_chain(name: str, table: Any) -> Chain:
    """A chain from a table with `from` and `steps`: names, or tables with `do` and settings.

    Raises:
        ValueError: a step or a setting is not known, or of the wrong kind; the message names the signal.
    """
    if not isinstance(table, Mapping) or set(table) - _KEYS or "from" not in table:
        raise ValueError(f"signal {name!r} must be a table with `from` and `steps`, not {table!r:.60}")
    steps = table.get("steps", [])
    if not isinstance(steps, Sequence) or isinstance(steps, str):
        raise checks.mismatch(f"steps of signal {name!r}", "be a list", steps)
    return Chain(str(table["from"]), tuple(_read_link(name, step) for step in steps))


def _read_link(name: str, step: Any) -> Link:
    given = {"do": step} if isinstance(step, str) else step
    if not isinstance(given, Mapping) or not isinstance(given.get("do"), str):
        raise checks.mismatch(f"a step of signal {name!r}", "be a name, or a table with `do`", step)
    do = given["do"]
    checks.one_of(f"a step of signal {name!r}", do, (*STEPS, RESAMPLE))
    allowed = {"limit": None} if do == RESAMPLE else STEPS[do].settings
    settings = {key: value for key, value in given.items() if key != "do"}
    for key, value in settings.items():
        checks.one_of(f"a setting of {do} in signal {name!r}", key, allowed)
        if not isinstance(value, (bool, str)):
            checks.number(f"{key} of {do} in signal {name!r}", value)
    missing = [key for key, one in _required(do).items() if key not in settings and one.default is one.empty]
    if missing:
        raise ValueError(f"{do} in signal {name!r} needs {', '.join(missing)}")
    return Link(do, tuple(sorted(settings.items())))


def _required(do: str) -> dict[str, inspect.Parameter]:
    return {} if do == RESAMPLE else STEPS[do].settings


class Analysis:
    """The signals of one song, each found when it is first asked for.

    Args:
        chains: by the names of the signals.
        sound: gives the wave [samples] of a sound by its name, mono float32 at `pieces.SAMPLE_RATE`; it raises
            ValueError for an unknown name.
        frames: how many values each signal has in the end.
        rate: values a second.
    """

    def __init__(
        self, chains: Mapping[str, Chain], sound: Callable[[str], np.ndarray], frames: int, rate: float
    ) -> None:
        self._chains, self._sound, self._frames, self._rate = chains, sound, frames, rate
        self._found: dict[str, Signal] = {}
        # Parts of sounds, by the name of the sound and the steps to them: several chains begin alike.
        self._waves: dict[tuple[str, tuple[Link, ...]], np.ndarray] = {}
        self._open: list[str] = []

    def values(self, name: str) -> np.ndarray:
        """A signal by its name: float [frames] or [frames, k].

        Raises:
            ValueError: there is no such signal, its chain does not fit together, or it comes from itself.
        """
        return self._signal(name).values

    def release(self) -> None:
        """Forget the parts of sounds that chains have in common; signals stay."""
        self._waves.clear()

    def _signal(self, name: str) -> Signal:
        if name not in self._chains:
            raise checks.mismatch("a signal", f"be one of {', '.join(self._chains) or 'none'}", name)
        if name in self._open:
            raise ValueError(f"signal {name!r} comes from itself: {' <- '.join([*self._open, name])}")
        if name not in self._found:
            self._open.append(name)
            self._found[name] = self._run(name, self._chains[name])
            self._open.pop()
        return self._found[name]

    def _run(self, name: str, chain: Chain) -> Signal:
        links = list(chain.links)
        value: Any = self._begin(name, chain.source)
        done: tuple[Link, ...] = ()
        for link in links:
            value = self._step(name, chain.source, done, link, value)
            done = (*done, link)
        if not isinstance(value, Signal):
            raise ValueError(f"signal {name!r} ends as a sound; a step such as rms makes a signal of it")
        fits = len(value) == self._frames and value.rate == self._rate
        return value if fits else shaping.resample(value, self._frames, self._rate)

    def _begin(self, name: str, source: str) -> Any:
        """The sound or the signal that a chain comes from."""
        if source in self._chains:
            return self._signal(source)
        try:
            return self._sound(source)
        except ValueError as error:
            raise ValueError(f"`from` of signal {name!r}: {error}") from None

    def _step(self, name: str, source: str, done: tuple[Link, ...], link: Link, value: Any) -> Any:
        key = (source, (*done, link))
        if key in self._waves:
            return self._waves[key]
        has = SIGNAL if isinstance(value, Signal) else WAVE
        takes = SIGNAL if link.name == RESAMPLE else STEPS[link.name].takes
        if has != takes:
            raise ValueError(f"{link.name} in signal {name!r} works on a {takes}, not on a {has}")
        try:
            result = self._function(link.name)(value, **dict(link.settings))
        except ValueError as error:
            raise ValueError(f"signal {name!r}: {error}") from None
        if not isinstance(result, Signal):
            self._waves[key] = result
        return result

    def _function(self, name: str) -> Callable[..., Any]:
        if name == RESAMPLE:
            return partial(shaping.resample, count=self._frames, rate=self._rate)
        return STEPS[name].function
