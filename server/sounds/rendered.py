"""Rendered sounds, and parts of them, before anything delivers them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.audio.stored_wave import Samples


@dataclass
class Pieces:
    """What a sink keeps of a sound that it delivers in pieces.

    Attributes:
        stream: resamples the sound piece by piece.
        level: brings what is resampled to the common loudness; None leaves it as it is.
        waves: what it has made of the pieces so far; empty where they need not be kept.
        samples: how many samples of the sound it has taken.
        frames: how many samples it has delivered, at the client's rate.
        rate: the client's rate, Hz.
        index: how many pieces it has delivered.
        files: the files in which it has delivered the head, and the whole sound; they serve again if they still exist.
    """

    stream: Any = None
    level: Any = None
    waves: list[np.ndarray] = field(default_factory=list)
    samples: int = 0
    frames: int = 0
    rate: int = 1
    index: int = 0
    files: list[Any] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """How much it has delivered."""
        return self.frames / self.rate


@dataclass(frozen=True)
class Head:
    """The first part of a sound, which plays while the rest is rendered.

    Attributes:
        target: the client's name for the sound.
        wave: float32 [samples].
        sample_rate: in Hz.
        length: samples of the whole sound.
        pieces: the same one as that of the whole sound.
        gain_db: that of the whole sound.
    """

    target: str
    wave: np.ndarray
    sample_rate: int
    length: int
    pieces: Pieces
    gain_db: float = 0.0


@dataclass(frozen=True)
class Segment:
    """The next part of a sound without an end.

    Attributes:
        target: the client's name for the sound.
        wave: float32 [samples].
        sample_rate: in Hz.
        pieces: the same one for all segments of the sound.
        last: nothing follows.
        gain_db: what brings the sound to the common loudness; not applied to `wave`.
    """

    target: str
    wave: np.ndarray
    sample_rate: int
    pieces: Pieces
    last: bool = False
    gain_db: float = 0.0


@dataclass(frozen=True)
class RenderedSound:
    """A sound that a command rendered.

    Attributes:
        target: the client's name for it.
        wave: float32 [samples], which may be in a file.
        sample_rate: in Hz.
        pitch: MIDI pitch.
        keys: its key points, [k, size]; none where it follows no path.
        key_times_s: when it reaches them.
        gain_db: what brings it to the common loudness; not applied to `wave`.
        pieces: given if its head has been delivered; the first samples of `wave` are those of the head.
        part: which part of a sound without an end it is; it may still grow. -1: it is a whole sound.
        drive: how strongly it moves images; 1 is as sounds usually do.
    """

    target: str
    wave: Samples
    sample_rate: int
    pitch: int
    keys: np.ndarray
    key_times_s: Sequence[float] = (0.0,)
    gain_db: float = 0.0
    pieces: Pieces | None = None
    part: int = -1
    drive: float = 1.0

    @property
    def kind(self) -> str:
        """One of "note", "hallucination" and, without key points, "foley"."""
        return ("foley", "note")[len(self.keys)] if len(self.keys) < 2 else "hallucination"


Deliverable = RenderedSound | Head | Segment
