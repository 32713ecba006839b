"""The sounds that a server has made, as it tells of them."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from renderer.live.settings import check_number
from renderer.mapping import PITCHES
from renderer.wire import Event

KEEP = 16
_LONGEST_NAME = 1024


@dataclass(frozen=True, eq=False)
class Sound:
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


def read_sound(event: Event) -> Sound:
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
    return Sound(read_name(event.fields, "target"), max(0.0, duration_s), **arrays)


def read_name(fields: Mapping[str, Any], key: str) -> str:
    """A name in a message.

    Raises:
        ValueError: it is none.
    """
    value = fields.get(key)
    if not isinstance(value, str) or len(value) > _LONGEST_NAME:
        raise ValueError(f"{key} must be a name, not {value!r:.60}")
    return value


class Sounds:
    """The last KEEP by target."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Sound] = OrderedDict()

    def add(self, sound: Sound) -> None:
        """Keep it; one of the same target was another."""
        self._kept.pop(sound.target, None)
        self._kept[sound.target] = sound
        while len(self._kept) > KEEP:
            self._kept.popitem(last=False)

    def get(self, target: str) -> Sound | None:
        """The newest of this target, if it is still known."""
        return self._kept.get(target)
