"""Commands that a renderer has not answered yet."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.progress import Progress
from server.osc.packet import Message

Answer = Callable[[list[Message], str], None]
_PATIENCE_S = 60.0
# As far as OSC can count.
_MOST = 2**31


@dataclass
class _PendingRequest:
    answer: Answer
    deadline_s: float
    progress: Progress | None = None


class PendingRequests:
    """Each is answered exactly once: with replies and "", or with no replies and the reason why not."""

    def __init__(self) -> None:
        self._open: dict[int, _PendingRequest] = {}
        self._numbers = itertools.count(1)

    def open(self, answer: Answer, now_s: float, progress: Progress | None = None) -> int:
        """A new one, whose `progress` is told if it takes long; its number."""
        number = next(self._numbers)
        self._open[number] = _PendingRequest(answer, now_s + _PATIENCE_S, progress)
        return number

    def go_on(self, fields: dict[str, Any], now_s: float) -> None:
        """Take the `progress` of a renderer: it is at work, so the question waits on.

        Raises:
            ValueError: it tells none.
        """
        number, done, total = (_whole(fields, key) for key in ("id", "done", "total"))
        question = self._open.get(number)
        if question is None:
            return
        question.deadline_s = now_s + _PATIENCE_S
        if question.progress:
            question.progress(done, total)

    def close(self, fields: dict[str, Any]) -> None:
        """Take the `reply` of a renderer; one that nobody waits for is passed over."""
        number = fields.get("id")
        question = self._open.pop(number, None) if type(number) is int else None
        if question is None:
            return
        error = str(fields.get("error", ""))
        try:
            replies = [] if error else [_message(row) for row in fields.get("replies", [])]
        except (TypeError, ValueError) as wrong:
            replies, error = [], f"the renderer's answer is not readable: {wrong}"
        question.answer(replies, error)

    def give_up(self, now_s: float, gone: bool) -> None:
        """Answer what has waited for too long; all of it, if the renderer is gone."""
        for number, question in list(self._open.items()):
            if gone or now_s > question.deadline_s:
                del self._open[number]
                question.answer([], "the renderer did not answer; it may be starting anew")


def _whole(fields: dict[str, Any], key: str) -> int:
    value = fields.get(key)
    if type(value) is not int or not 0 <= value < _MOST:
        raise ValueError(f"{key} must be a whole number in 0..{_MOST - 1}, not {value!r:.60}")
    return value


def _message(row: Any) -> Message:
    """A reply of a renderer as OSC.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(row, list) or not row or not all(type(value) in (str, int, float) for value in row):
        raise ValueError(f"{row!r:.60}")
    address, *args = row
    if not isinstance(address, str) or not address.startswith("/image/"):
        raise ValueError(f"{address!r:.60} is no address under /image")
    return Message(address, tuple(args))
