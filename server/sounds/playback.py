"""What all sounds without an end share: where their client plays them, and which part of them images follow."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from server.sounds.rendered import Pieces

log = logging.getLogger(__name__)

# A client that reports no position for so long is gone.
GONE_S = 10.0


@dataclass
class Playback:
    """A sound without an end that a client plays; as `server.sounds.result.Rest`, its next part.

    Attributes:
        target: the client's name for it.
        pieces: what its sink keeps.
        position_s: the last position that its client reported.
        reported_s: when that was, on time.monotonic's clock.
        underruns: how often the client had played all that it had.
        starved: it has, at its last position.
        begins_s: when the parts that images follow begin, by their numbers.
        shown: the part that images follow now; -1: none yet.
    """

    target: str
    pieces: Pieces = field(default_factory=Pieces, kw_only=True)
    position_s: float = field(default=0.0, kw_only=True)
    reported_s: float = field(default_factory=time.monotonic, kw_only=True)
    underruns: int = field(default=0, kw_only=True)
    starved: bool = field(default=False, kw_only=True)
    begins_s: dict[int, float] = field(default_factory=dict, kw_only=True)
    shown: int = field(default=-1, kw_only=True)

    @property
    def finished(self) -> bool:
        """Whether all of it has been rendered."""
        raise NotImplementedError

    def stop(self) -> None:
        """Let it end."""
        raise NotImplementedError

    def set(self, name: str, words: Sequence[str]) -> None:
        """Change a setting.

        Raises:
            ValueError: there is no such setting, or no such value of it.
        """
        raise NotImplementedError

    def report(self, position_s: float) -> bool:
        """Take a position of the client; True if it has just played all that it had."""
        before, self.starved = self.starved, position_s > self.pieces.seconds > 0 and not self.finished
        self.position_s, self.reported_s = max(self.position_s, position_s), time.monotonic()
        self.underruns += self.starved and not before
        return self.starved and not before

    def plays(self) -> tuple[str, float] | None:
        """The target and the position within the part that images are to follow from now on; None: nothing new."""
        begun = [part for part, begin_s in self.begins_s.items() if begin_s <= self.position_s]
        if not begun or begun[-1] == self.shown:
            return None
        self.shown = begun[-1]
        self.begins_s = {part: begin_s for part, begin_s in self.begins_s.items() if part >= self.shown}
        return self.target, self.position_s - self.begins_s[self.shown]
