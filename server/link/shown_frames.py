"""Frames that the renderer has shown: questions for them, whose answers come in parts."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from core import checks
from renderer.ipc.messages import Event

# A renderer that is gone is noticed sooner; one on a busy machine may need some seconds.
_PATIENCE_S = 30.0
_MOST_NUMBER, _MOST_PARTS, _MOST_EDGE = 2**53, 64, 256


@dataclass(frozen=True)
class ShownFrames:
    """What was shown, oldest first.

    Attributes:
        frames: uint8 [n, edge, edge, 3].
        ages_s: how long ago each came, float32 [n].
    """

    frames: np.ndarray
    ages_s: np.ndarray

    def at_rate(self, fps: float, seconds: float) -> np.ndarray:
        """The frames that were seen in the last seconds, at a steady rate, uint8 [m, edge, edge, 3].

        Where fewer seconds are known, it is those. At least one frame.

        Raises:
            ValueError: nothing was shown.
        """
        if not len(self.frames):
            raise ValueError("no picture has been shown yet; load an image model, or wait for the first one")
        known_s = min(seconds, float(self.ages_s[0]))
        moments = known_s - (np.arange(max(1, int(known_s * fps))) + 0.5) / fps
        # The newest frame that is at least so old.
        places = np.searchsorted(-self.ages_s, -np.maximum(moments, 0.0), side="right") - 1
        found: np.ndarray = self.frames[np.maximum(places, 0)]
        return found


# Gets what was shown and "", or None and the reason.
Answer = Callable[[ShownFrames | None, str], None]


@dataclass
class _Question:
    answer: Answer
    deadline_s: float
    parts: list[ShownFrames] = field(default_factory=list)


class FrameQuestions:
    """Each is answered exactly once. Used by the thread of the link alone."""

    def __init__(self) -> None:
        self._open: dict[int, _Question] = {}

    def open(self, answer: Answer, now_s: float) -> int:
        """Add a question; returns its number, which nobody can guess."""
        number = secrets.randbelow(_MOST_NUMBER)
        self._open[number] = _Question(answer, now_s + _PATIENCE_S)
        return number

    def take(self, event: Event) -> None:
        """Handle a `frames` message, the next part of an answer; ignored if nobody waits for it.

        Raises:
            ValueError: it is not one.
        """
        number = event.fields.get("id")
        number = number if type(number) is int else -1
        question = self._open.get(number)
        if question is None:
            return
        question.parts.append(_part(event))
        if event.fields.get("last") is True or len(question.parts) >= _MOST_PARTS:
            del self._open[number]
            question.answer(_joined(question.parts), "")

    def give_up(self, now_s: float, gone: bool) -> None:
        """Answer the questions that have waited too long; all of them, if the renderer is gone."""
        for number, question in list(self._open.items()):
            if gone or now_s > question.deadline_s:
                del self._open[number]
                question.answer(None, "the renderer did not send what it shows; it may be restarting, or an older one")


def _joined(parts: list[ShownFrames]) -> ShownFrames:
    return ShownFrames(np.concatenate([one.frames for one in parts]), np.concatenate([one.ages_s for one in parts]))


def _part(event: Event) -> ShownFrames:
    frames, ages_s = event.arrays.get("frames"), event.arrays.get("ages_s")
    if frames is None or ages_s is None or frames.dtype != np.uint8:
        raise ValueError("frames must be an array of bytes with their ages")
    if frames.ndim != 4 or frames.shape[1] != frames.shape[2] or frames.shape[3] != 3:
        raise ValueError(f"frames must be [n, edge, edge, 3], not {checks.shape_text(frames.shape)}")
    checks.in_range("the edge of frames", frames.shape[1], 1, _MOST_EDGE)
    if ages_s.shape != frames.shape[:1] or (np.diff(ages_s) > 0).any() or (ages_s < 0).any():
        raise ValueError("frames must come with an age each, oldest first")
    return ShownFrames(frames, ages_s)
