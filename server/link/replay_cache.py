"""What a renderer that comes late must be told: what is loaded, set, made, and played."""

import logging
import time
from collections import OrderedDict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.commands.reading import Refusal, read_values
from core.commands.table import COMMANDS
from renderer.ipc import messages
from server.sounds.rendered import RenderedSound

log = logging.getLogger(__name__)

KEEP_MADE = 16
_LOAD, _DIRECT, _EDIT = "/image/load", "/image/load_ganspace_components", "/image/edits"
# Directions belong to a model, and edits to directions.
_ENDS = {_LOAD: (_DIRECT, _EDIT), _DIRECT: (_EDIT,)}

Settings = OrderedDict[tuple[Any, ...], list[bytes]]


@dataclass
class ReplayCache:
    """Messages as they were sent, oldest first; `play` is a target, its position in seconds, and when it was there.

    Each that was `made` has its `wave` beside it, or None: all waves together have at most WAVES_BYTES.
    """

    loaded: list[bytes] | None = None
    made: deque[tuple[list[bytes], list[bytes] | None]] = field(default_factory=lambda: deque(maxlen=KEEP_MADE))
    play: tuple[str, float, float] | None = None
    settings: Settings = field(default_factory=OrderedDict)

    def make(self, made: list[bytes], wave: list[bytes] | None) -> None:
        """Keep a sound; the oldest waves go where there are too many bytes."""
        self.made.append((made, wave))
        room = messages.WAVES_BYTES
        for place in range(len(self.made) - 1, -1, -1):
            made, wave = self.made[place]
            room -= len(wave[-1]) if wave else 0
            if room < 0:
                self.made[place] = (made, None)

    def set(self, address: str, values: Mapping[str, Any]) -> None:
        """Keep a command that was done, if it set something, in place of the one before and what that has ended."""
        if address in messages.PASSING:
            return
        for ended in _ENDS.get(address, ()):
            self.settings.pop((ended, None), None)
        # Of several oscillators, each is one.
        key = (address, values.get("number"))
        # The last one last: classes are those of the model that was loaded before.
        self.settings.pop(key, None)
        self.settings[key] = command(0, address, values)

    def again(self) -> Iterator[list[bytes]]:
        """All of it; what plays is where it is by now."""
        if self.loaded:
            yield self.loaded
        yield from self.settings.values()
        for made, wave in self.made:
            yield made
            if wave:
                yield wave
        if self.play:
            yield playing(self.play)


def command(number: int, address: str, values: Mapping[str, Any]) -> list[bytes]:
    """A command as it is sent; 0: nobody waits for its answer."""
    return messages.encode("command", {"id": number, "address": address, "values": dict(values)})


def waved(made: RenderedSound) -> list[bytes] | None:
    """The samples of a sound, as they are sent beside it for recordings; None: they are too many."""
    # As loudspeakers do, recordings clip what is beyond 1.
    samples = np.round(np.clip(made.wave, -1.0, 1.0) * 32767.0).astype(np.int16)
    if samples.nbytes > messages.WAVES_BYTES:
        log.info("%s is too long to be heard in recordings of pictures", made.target)
        return None
    return messages.encode("wave", {"target": made.target, "sample_rate": made.sample_rate}, samples=samples)


def playing(play: tuple[str, float, float]) -> list[bytes]:
    """A target that plays, as it is sent."""
    target, position_s, since_s = play
    return messages.encode("play", {"target": target, "position_s": position_s + time.monotonic() - since_s})


def setting(fields: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Address and values of the `set` of a renderer: a command that was done there, checked as a client's are.

    Raises:
        ValueError: it is none that sets something about pictures.
    """
    address, values = fields.get("address"), fields.get("values")
    if not isinstance(address, str) or not address.startswith("/image/") or address not in COMMANDS:
        raise ValueError(f"{address!r:.60} is no command for pictures")
    if not isinstance(values, dict):
        raise ValueError(f"the values of {address} must be an object, not {values!r:.60}")
    checked = read_values(address, values)
    if isinstance(checked, Refusal):
        raise ValueError(f"{address}: {checked.reason}")
    return address, checked.values
