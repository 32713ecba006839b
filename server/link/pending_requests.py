"""Commands that the renderer has not answered yet."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core import checks
from core.progress import Progress
from server.osc.packet import Message

Answer = Callable[[list[Message], str], None]
Later = Callable[[Message], None]
_PATIENCE_S = 60.0
# The largest integer in OSC.
_MOST = 2**31
# Integers up to here are exact in every JSON.
_MOST_NUMBER = 2**53


@dataclass
class _PendingRequest:
    answer: Answer
    deadline_s: float
    progress: Progress | None = None


class PendingRequests:
    """Each is answered exactly once: with replies and "", or with no replies and the reason."""

    def __init__(self) -> None:
        self._open: dict[int, _PendingRequest] = {}
        self._followers: dict[str, Later] = {}

    def open(self, answer: Answer, now_s: float, progress: Progress | None = None) -> int:
        """Add a command; returns its number.

        Args:
            answer: called once.
            now_s: of the monotonic clock.
            progress: called with steps done and in all, if the command takes long.
        """
        # Nobody can guess the number of another one's command.
        number = secrets.randbelow(_MOST_NUMBER)
        self._open[number] = _PendingRequest(answer, now_s + _PATIENCE_S, progress)
        return number

    def progress(self, fields: dict[str, Any], now_s: float) -> None:
        """Handle a `progress` message: the renderer is at work, so the command waits on.

        Raises:
            ValueError: a field is missing or wrong.
        """
        number = _whole(fields, "id", _MOST_NUMBER)
        done, total = (_whole(fields, key) for key in ("done", "total"))
        request = self._open.get(number)
        if request is None:
            return
        request.deadline_s = now_s + _PATIENCE_S
        if request.progress:
            request.progress(done, total)

    def close(self, fields: dict[str, Any]) -> None:
        """Handle a `reply` message; ignored if nobody waits for it."""
        number = fields.get("id")
        request = self._open.pop(number, None) if type(number) is int else None
        if request is None:
            return
        error = str(fields.get("error", ""))
        try:
            replies = [] if error else [_message(row) for row in fields.get("replies", [])]
        except (TypeError, ValueError) as wrong:
            replies, error = [], f"the renderer's reply is not readable: {wrong}"
        request.answer(replies, error)

    def follow(self, address: str, later: Later | None) -> None:
        """Let the last one who sends a command get the messages that follow its answer; None: nobody else."""
        if later:
            self._followers[address] = later

    def follow_up(self, fields: dict[str, Any]) -> None:
        """Handle a `notice` message: a reply that follows an answer; ignored if nobody waits for it.

        Raises:
            ValueError: it is not readable.
        """
        later = self._followers.get(str(fields.get("address")))
        if later:
            later(_message(fields.get("reply")))

    def give_up(self, now_s: float, gone: bool) -> None:
        """Answer the commands that have waited too long; all of them, if the renderer is gone."""
        for number, request in list(self._open.items()):
            if gone or now_s > request.deadline_s:
                del self._open[number]
                request.answer([], "the renderer did not answer; it may be restarting")


def _whole(fields: dict[str, Any], key: str, most: int = _MOST) -> int:
    value = fields.get(key)
    if type(value) is not int:
        raise checks.mismatch(key, "be a whole number", value)
    return checks.whole(key, value, 0, most - 1)


def _message(row: Any) -> Message:
    """A reply of a renderer as OSC.

    Raises:
        ValueError: it is not one.
    """
    if not isinstance(row, list) or not row or not all(type(value) in (str, int, float) for value in row):
        raise ValueError(f"{row!r:.60}")
    address, *args = row
    if not isinstance(address, str) or not address.startswith("/image/"):
        raise ValueError(f"{address!r:.60} is not an address under /image")
    return Message(address, tuple(args))
