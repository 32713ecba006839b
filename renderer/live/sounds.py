"""The sounds that a server has made, as it tells of them."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import soxr

from renderer.ipc.messages import WAVES_BYTES, Event
from renderer.live.settings import check_number
from renderer.sound_to_image import PITCHES

KEEP = 16
_LONGEST_NAME = 1024
_LOWEST_RATE, _HIGHEST_RATE = 1000, 192_000


@dataclass(frozen=True, eq=False)
class PlayedSound:
    """A note or a hallucination; two are the same only if they are one.

    Attributes:
        target: its name.
        duration_s: how long it sounds.
        key_times_s: [k] rising times of its key points.
        keys: [k, size] the key points: latent vectors, or edits.
        loudness: [n], FEATURE_RATE a second from 0 s, 0..1.
        onsets: [n].
        chroma: [n, 12], C first.

    Raises:
        ValueError: these do not fit each other.
    """

    target: str
    duration_s: float
    key_times_s: np.ndarray
    keys: np.ndarray
    loudness: np.ndarray
    onsets: np.ndarray
    chroma: np.ndarray

    def __post_init__(self) -> None:
        times = self.key_times_s
        if times.ndim != 1 or not len(times) or self.keys.ndim != 2 or len(self.keys) != len(times):
            raise ValueError(f"{self.target!r} has key times {times.shape} and key points {self.keys.shape}")
        if (np.diff(times) <= 0).any():
            raise ValueError(f"the key times of {self.target!r} do not rise")
        moments = len(self.chroma)
        if (
            not moments
            or self.chroma.shape != (moments, PITCHES)
            or {self.loudness.shape, self.onsets.shape} != {(moments,)}
        ):
            raise ValueError(f"the features of {self.target!r} are none, or not of one length")


def read_sound(event: Event) -> PlayedSound:
    """The sound of a `made`.

    Raises:
        ValueError: it is not all there, or does not fit.
    """
    wanted = ("key_times_s", "keys", "loudness", "onsets", "chroma")
    missing = [name for name in wanted if name not in event.arrays]
    if missing:
        raise ValueError(f"a sound without {', '.join(missing)} cannot be followed")
    arrays = {name: event.arrays[name] for name in wanted}
    if arrays["keys"].ndim == 2 and not arrays["keys"].shape[1]:
        # Directions without an edit: all key points are the same.
        arrays["keys"] = np.zeros((len(arrays["keys"]), 1), np.float32)
    duration_s = check_number("duration_s", event.fields.get("duration_s"))
    return PlayedSound(read_name(event.fields, "target"), max(0.0, duration_s), **arrays)


def read_name(fields: Mapping[str, Any], key: str) -> str:
    """A name in a message.

    Raises:
        ValueError: it is none.
    """
    value = fields.get(key)
    if not isinstance(value, str) or len(value) > _LONGEST_NAME:
        raise ValueError(f"{key} must be a name, not {value!r:.60}")
    return value


@dataclass(frozen=True, eq=False)
class Samples:
    """How a sound sounds: int16 [n], mono, at a rate in hertz.

    Raises:
        ValueError: they are none.
    """

    values: np.ndarray
    sample_rate: int

    def __post_init__(self) -> None:
        if self.values.ndim != 1 or not len(self.values) or self.values.dtype != np.int16:
            raise ValueError(f"samples must be int16 [n], not {self.values.dtype} {list(self.values.shape)}")
        if type(self.sample_rate) is not int or not _LOWEST_RATE <= self.sample_rate <= _HIGHEST_RATE:
            raise ValueError(f"sample_rate must be in {_LOWEST_RATE}..{_HIGHEST_RATE} Hz, not {self.sample_rate!r:.40}")

    def at_rate(self, rate: int) -> np.ndarray:
        """The same at another rate, int16 [m]."""
        return self.values if rate == self.sample_rate else soxr.resample(self.values, self.sample_rate, rate)


def read_samples(event: Event) -> tuple[str, Samples]:
    """Target and samples of a `wave`.

    Raises:
        ValueError: there are none.
    """
    values = event.arrays.get("samples", np.zeros(0, np.int16))
    return read_name(event.fields, "target"), Samples(values, event.fields.get("sample_rate", 0))


class Sounds:
    """The last KEEP by target, and the samples of the newest of them, WAVES_BYTES together."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, PlayedSound] = OrderedDict()
        self._samples: OrderedDict[PlayedSound, Samples] = OrderedDict()

    def add(self, sound: PlayedSound) -> None:
        """Keep it; one of the same target was another."""
        self._forget(self._kept.pop(sound.target, None))
        self._kept[sound.target] = sound
        while len(self._kept) > KEEP:
            self._forget(self._kept.popitem(last=False)[1])

    def add_samples(self, target: str, samples: Samples) -> None:
        """Keep how the newest of this target sounds; if it is still known."""
        sound = self._kept.get(target)
        if sound is None:
            return
        self._samples[sound] = samples
        while sum(one.values.nbytes for one in self._samples.values()) > WAVES_BYTES:
            self._samples.popitem(last=False)

    def get(self, target: str) -> PlayedSound | None:
        """The newest of this target, if it is still known."""
        return self._kept.get(target)

    def samples(self, sound: PlayedSound) -> Samples | None:
        """How it sounds, if that is still known."""
        return self._samples.get(sound)

    @property
    def rate(self) -> int:
        """Of the samples that came last, in hertz; 0 where there are none."""
        return next(reversed(self._samples.values())).sample_rate if self._samples else 0

    def _forget(self, sound: PlayedSound | None) -> None:
        if sound is not None:
            self._samples.pop(sound, None)
