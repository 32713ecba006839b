"""Sounds that the server has rendered, as the renderer receives them."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core import checks
from core.audio.resample import resample
from renderer.ipc.messages import SAMPLES_BYTES, Event
from renderer.sound_to_image import PITCHES

KEEP = 16
_LONGEST_NAME = 1024
_MOST_DRIVE = 10.0
# More than a server is ahead of a sound without an end.
_GROWS_S = 1.0
_LOWEST_RATE, _HIGHEST_RATE = 1000, 192_000


@dataclass(frozen=True, eq=False)
class PlayedSound:
    """A note, a hallucination, or a sound for pictures; compared by identity.

    Attributes:
        target: its name.
        duration_s: its length.
        key_times_s: [k] rising times of its key points.
        keys: [k, size] the key points: latent vectors, or edits; none (k is 0) where it follows no path.
        loudness: [n], FEATURE_RATE per second from 0 s, 0..1.
        onsets: [n].
        chroma: [n, 12], C first.
        part: which part of a sound without an end it is; it may come again, longer. -1: it is a whole sound.
        drive: how strongly it moves the image; 1 is as sounds usually do.
        brightness: [n], 0..1; empty: not known.

    Raises:
        ValueError: the shapes do not fit each other.
    """

    target: str
    duration_s: float
    key_times_s: np.ndarray
    keys: np.ndarray
    loudness: np.ndarray
    onsets: np.ndarray
    chroma: np.ndarray
    part: int = -1
    drive: float = 1.0
    brightness: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))

    def __post_init__(self) -> None:
        times = self.key_times_s
        if times.ndim != 1 or self.keys.ndim != 2 or len(self.keys) != len(times):
            raise ValueError(f"{self.target!r} has key times {times.shape} and key points {self.keys.shape}")
        if (np.diff(times) <= 0).any():
            raise ValueError(f"the key times of {self.target!r} do not rise")
        moments = len(self.chroma)
        if (
            not moments
            or self.chroma.shape != (moments, PITCHES)
            or {self.loudness.shape, self.onsets.shape} != {(moments,)}
        ):
            raise ValueError(f"the features of {self.target!r} are empty, or differ in length")
        if self.brightness.shape not in ((0,), (moments,)):
            raise ValueError(f"the brightness of {self.target!r} differs in length from its loudness")
        checks.in_range("drive", self.drive, 0.0, _MOST_DRIVE)

    def grows(self, before: "PlayedSound | None") -> bool:
        """Whether it is the same part of the same sound as another one, with more of it."""
        return before is not None and self.part >= 0 and (self.target, self.part) == (before.target, before.part)


def read_sound(event: Event) -> PlayedSound:
    """The sound in a `sound` message.

    Raises:
        ValueError: an array is missing, or does not fit.
    """
    wanted = ("key_times_s", "keys", "loudness", "onsets", "chroma")
    missing = [name for name in wanted if name not in event.arrays]
    if missing:
        raise ValueError(f"a sound without {', '.join(missing)} cannot be followed")
    arrays = {name: event.arrays[name] for name in wanted}
    if arrays["keys"].ndim == 2 and not arrays["keys"].shape[1]:
        # Directions without an edit: all key points are the same.
        arrays["keys"] = np.zeros((len(arrays["keys"]), 1), np.float32)
    duration_s = checks.number("duration_s", event.fields.get("duration_s"))
    part = checks.whole("part", event.fields.get("part", -1))
    # A part goes on until the next one, or until the sound is stopped.
    duration_s = duration_s + _GROWS_S if part >= 0 else max(0.0, duration_s)
    drive = checks.number("drive", event.fields.get("drive", 1.0))
    brightness = event.arrays.get("brightness", np.zeros(0, np.float32))
    name = read_name(event.fields, "target")
    return PlayedSound(name, duration_s, **arrays, part=part, drive=drive, brightness=brightness)


def read_name(fields: Mapping[str, Any], key: str) -> str:
    """A name in a message.

    Raises:
        ValueError: it is missing, not a string, or too long.
    """
    value = fields.get(key)
    if not isinstance(value, str) or len(value) > _LONGEST_NAME:
        raise checks.mismatch(key, "be a name", value)
    return value


@dataclass(frozen=True, eq=False)
class Samples:
    """The audio of a sound: int16 [n], mono, at a rate in hertz.

    Raises:
        ValueError: the samples or the rate break this.
    """

    values: np.ndarray
    sample_rate: int

    def __post_init__(self) -> None:
        if self.values.ndim != 1 or not len(self.values) or self.values.dtype != np.int16:
            raise ValueError(f"samples must be int16 [n], not {self.values.dtype} {list(self.values.shape)}")
        if type(self.sample_rate) is not int:
            raise checks.mismatch("sample_rate", "be a whole number", self.sample_rate)
        checks.in_range("sample_rate", self.sample_rate, _LOWEST_RATE, _HIGHEST_RATE, "Hz")

    def at_rate(self, rate: int) -> np.ndarray:
        """The same audio at another rate, int16 [m]."""
        return resample(self.values, self.sample_rate, rate)


def read_samples(event: Event) -> tuple[str, Samples]:
    """Target and audio in a `samples` message.

    Raises:
        ValueError: they are missing, or break a rule.
    """
    values = event.arrays.get("samples", np.zeros(0, np.int16))
    return read_name(event.fields, "target"), Samples(values, event.fields.get("sample_rate", 0))


class RecentSounds:
    """The last KEEP sounds by target, and the samples of the newest of them, at most SAMPLES_BYTES together."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, PlayedSound] = OrderedDict()
        self._samples: OrderedDict[PlayedSound, Samples] = OrderedDict()

    def add(self, sound: PlayedSound) -> None:
        """Keep a sound; it replaces one of the same target."""
        self._forget(self._kept.pop(sound.target, None))
        self._kept[sound.target] = sound
        while len(self._kept) > KEEP:
            self._forget(self._kept.popitem(last=False)[1])

    def add_samples(self, target: str, samples: Samples) -> None:
        """Keep the samples of the newest sound of this target; ignored if it is not kept."""
        sound = self._kept.get(target)
        if sound is None:
            return
        self._samples[sound] = samples
        while sum(one.values.nbytes for one in self._samples.values()) > SAMPLES_BYTES:
            self._samples.popitem(last=False)

    def get(self, target: str) -> PlayedSound | None:
        """The newest sound of this target, if it is kept."""
        return self._kept.get(target)

    def samples(self, sound: PlayedSound) -> Samples | None:
        """The samples of a sound, if they are kept."""
        return self._samples.get(sound)

    @property
    def rate(self) -> int:
        """Sample rate in hertz of the samples that came last; 0 if there are none."""
        return next(reversed(self._samples.values())).sample_rate if self._samples else 0

    def _forget(self, sound: PlayedSound | None) -> None:
        if sound is not None:
            self._samples.pop(sound, None)
