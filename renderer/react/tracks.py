"""Tracks of latents: for every frame one, which follows segments, components or a path."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from core.latent.interpolation import slerp


@dataclass(frozen=True)
class Keys:
    """The latents that a track goes through.

    Attributes:
        values: [n, ...], or [n, k, ...] for k classes.
        weights: of the classes, [frames, k]; None: there is one latent for each.
    """

    values: np.ndarray
    weights: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.values)

    def at(self, number: int, frame: int) -> np.ndarray:
        """One of them, as it is in a frame."""
        found = self.values[number]
        return found if self.weights is None else np.tensordot(self.weights[frame], found, axes=1)

    def all_at(self, frame: int) -> np.ndarray:
        """All of them, [n, ...]."""
        if self.weights is None:
            return self.values
        return np.tensordot(self.values, self.weights[frame], axes=(1, 0))


@dataclass(frozen=True)
class Transitions:
    """How one segment passes into the next.

    Attributes:
        starts: [n] frames where the segments begin.
        length: frames of a transition, at least 1; it ends with its segment at the latest.
        lead: frames by which it begins before its segment.
        ease: whether it begins and ends gently.
    """

    starts: np.ndarray
    length: float
    lead: float
    ease: bool = False

    def position(self, frame: int) -> tuple[int, int, float]:
        """The segments before and after, and how far the frame is from one to the other, 0..1."""
        begins = self.starts - self.lead
        number = int(np.searchsorted(begins[1:], frame, side="right"))
        if number == 0:
            return 0, 0, 0.0
        room = begins[number + 1] - begins[number] if number + 1 < len(begins) else np.inf
        part = float(np.clip((frame - begins[number]) / max(1.0, min(self.length - 1, room - 1)), 0.0, 1.0))
        return number - 1, number, part * part * (3 - 2 * part) if self.ease else part


class Track(Protocol):
    """A latent for every frame."""

    def at(self, frame: int) -> np.ndarray:
        """The latent of a frame, [layers, w] or [z]."""


@dataclass(frozen=True)
class SegmentTrack:
    """A latent for each segment, with a slerp from one to the next."""

    keys: Keys
    transitions: Transitions

    def at(self, frame: int) -> np.ndarray:
        """See `Track.at`."""
        before, after, part = self.transitions.position(frame)
        return slerp_rows(self.keys.at(before, frame), self.keys.at(after, frame), part)


@dataclass(frozen=True)
class WeightTrack:
    """A mixture of all latents by weights [frames, n]; `mix` is that of the space they are in."""

    keys: Keys
    weights: np.ndarray
    mix: Callable[[np.ndarray, np.ndarray], np.ndarray]

    def at(self, frame: int) -> np.ndarray:
        """See `Track.at`."""
        return self.mix(self.weights[frame], self.keys.all_at(frame))


@dataclass(frozen=True)
class PathTrack:
    """A closed path through the latents: at positions [frames], of which each whole number is a latent."""

    keys: Keys
    positions: np.ndarray

    def at(self, frame: int) -> np.ndarray:
        """See `Track.at`."""
        whole = int(np.floor(self.positions[frame]))
        part = float(self.positions[frame] - whole)
        before, after = (self.keys.at(number % len(self.keys), frame) for number in (whole, whole + 1))
        return slerp_rows(before, after, part)


def slerp_rows(a: np.ndarray, b: np.ndarray, part: float) -> np.ndarray:
    """`slerp` of vectors [size], or of each row of [n, size], as float32."""
    if a.ndim == 1:
        return slerp(a, b, part).astype(np.float32)
    return np.stack([slerp(one, other, part) for one, other in zip(a, b, strict=True)]).astype(np.float32)
