"""The streams that play, by their targets."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from server.engine.request import Request

if TYPE_CHECKING:
    from server.sounds.playback import Playback

MAX_STREAMS = 8


@dataclass
class Streams:
    """All streams. Used by the engine's thread alone."""

    _open: dict[str, tuple["Playback", Request]] = field(default_factory=dict)

    def add(self, stream: "Playback", request: Request) -> None:
        """Add a stream that is open until its request ends.

        Raises:
            ValueError: its target has one already, or there are too many.
        """
        self._open = {target: each for target, each in self._open.items() if not each[1].closed}
        if stream.target in self._open:
            raise ValueError(f"{stream.target[:60]!r} is streaming already; stop it first, or take another target")
        if len(self._open) >= MAX_STREAMS:
            raise ValueError(f"there are {len(self._open)} streams; the most is {MAX_STREAMS}")
        self._open[stream.target] = stream, request

    def find(self, target: str, *, ended: bool = False) -> "Playback":
        """The stream with this target; with `ended` also one that has just ended, whose client may not know it yet.

        Raises:
            ValueError: there is none.
        """
        if target not in self._open or (self._open[target][1].closed and not ended):
            raise ValueError(f"nothing with the target {target[:60]!r} is streaming")
        return self._open[target][0]
