"""One end of a line between a bridge and its server: messages arrive once and in order, even if the line was cut.

What is sent gets a number and is kept until the other end has confirmed it; after a cut the rest is sent again.
Messages wait in flows: those of one flow keep their order, and of several the one in the lowest lane goes first, in
turn, so that a note never waits for a long sound. At most a window of bytes is under way, so a peer that does not read
costs no memory.
"""

from collections import OrderedDict, deque
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass

from server.remote.wire import Part, encode

# Lanes: replies; sounds that somebody plays now; long sounds, uploads and pages.
NOW, LIVE, BULK = 0, 1, 2
# Bytes and messages under way. At 200 ms half a megabyte makes 20 Mbit/s.
WINDOW, MOST_UNDER_WAY = 1 << 19, 1024
# Messages that wait to be sent; a file is one.
MOST_WAITING = 8192


class ChannelFull(OSError):  # noqa: N818 - a state of the line, which its owner handles
    """More waits than is kept: the other end has not read for long."""


class Gap(ValueError):  # noqa: N818 - a state of the line, which its owner handles
    """Messages are missing before this one; the other end must send again what has not arrived."""


@dataclass
class _Item:
    lane: int
    parts: Iterator[Part]


class Channel:
    """The state of one end. It knows no socket; not thread-safe."""

    def __init__(self) -> None:
        self._flows: OrderedDict[Hashable, deque[_Item]] = OrderedDict()
        self._waiting = 0
        self._kept: deque[tuple[int, Part, int]] = deque()
        self._bytes = 0
        self._number = 0
        self.arrived = 0
        self.unconfirmed = False

    @property
    def waiting(self) -> int:
        """How many messages and files wait to be sent."""
        return self._waiting

    @property
    def under_way(self) -> int:
        """Bytes that have been sent and are not confirmed."""
        return self._bytes

    def push(self, flow: Hashable, parts: Iterable[Part], lane: int = NOW) -> None:
        """Let messages wait to be sent, after those of the same flow.

        Args:
            flow: keeps its order.
            parts: read when there is room for the next; a file is read block by block.
            lane: see above.

        Raises:
            ChannelFull: too many wait.
        """
        if self._waiting >= MOST_WAITING:
            raise ChannelFull(f"{MOST_WAITING} messages wait already")
        self._flows.setdefault(flow, deque()).append(_Item(lane, iter(parts)))
        self._waiting += 1

    def drop(self, flow: Hashable) -> None:
        """Forget what waits in a flow."""
        self._waiting -= len(self._flows.pop(flow, ()))

    def take(self) -> list[bytes] | None:
        """The next message to send, as frames; None: nothing waits, or the window is full."""
        if self._bytes >= WINDOW or len(self._kept) >= MOST_UNDER_WAY:
            return None
        part = self._next()
        if part is None:
            return None
        self._number += 1
        size = len(part.payload) + 64
        self._kept.append((self._number, part, size))
        self._bytes += size
        return self._frames(part, self._number)

    def _next(self) -> Part | None:
        while self._flows:
            flow = min(self._flows, key=lambda each: self._flows[each][0].lane)
            items = self._flows[flow]
            part = next(items[0].parts, None)
            if part is not None:
                self._flows.move_to_end(flow)
                return part
            items.popleft()
            self._waiting -= 1
            if not items:
                del self._flows[flow]
        return None

    def again(self) -> Iterator[list[bytes]]:
        """All messages that are not confirmed, to send them again."""
        return (self._frames(part, number) for number, part, _ in tuple(self._kept))

    def plain(self, part: Part) -> list[bytes]:
        """A message without a number, such as PING, with what has arrived."""
        return self._frames(part, 0)

    def _frames(self, part: Part, number: int) -> list[bytes]:
        self.unconfirmed = False
        return encode(part, number, self.arrived)

    def confirm(self, arrived: int) -> None:
        """Forget what has arrived at the other end."""
        while self._kept and self._kept[0][0] <= arrived:
            self._bytes -= self._kept.popleft()[2]

    def accept(self, number: int) -> bool:
        """Whether a message with this number is new.

        Raises:
            Gap: there is one missing before it.
        """
        if number == 0:
            return True
        self.unconfirmed = True
        if number > self.arrived + 1:
            raise Gap(f"message {self.arrived + 1} is missing")
        new = number == self.arrived + 1
        self.arrived += new
        return new
