"""What plays now, and what played a moment ago."""

import threading
from collections import deque
from dataclasses import dataclass, replace

from renderer.live.sounds import PlayedSound, RecentSounds, Samples

# A reported position this close to the expected one is not a jump.
_SAME_S = 0.15
# More changes than a recorder is ever behind.
_REMEMBERED = 256


@dataclass(frozen=True)
class Playing:
    """A target that plays.

    Attributes:
        target: its name.
        since_s: the time at which it was at its beginning.
        sound: None until the server has sent it.
        number: counts how often something was played, or jumped to.
    """

    target: str
    since_s: float
    sound: PlayedSound | None
    number: int

    def over(self, now_s: float) -> bool:
        """Whether it has ended."""
        return self.sound is not None and now_s - self.since_s > self.sound.duration_s


class Transport:
    """Play and stop, with their history. Methods may be called from any thread; times are of one clock, in seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sounds = RecentSounds()
        self._changes: deque[tuple[float, Playing | None]] = deque(maxlen=_REMEMBERED)
        self._plays = 0

    def add(self, sound: PlayedSound) -> None:
        """Add a sound; if its target plays already, it is followed from now on."""
        with self._lock:
            self._sounds.add(sound)
            since_s, newest = self._changes[-1] if self._changes else (0.0, None)
            if newest and newest.target == sound.target and (newest.sound is None or sound.grows(newest.sound)):
                self._changes[-1] = (since_s, replace(newest, sound=sound))

    def add_samples(self, target: str, samples: Samples) -> None:
        """Add the samples of the newest sound of this target."""
        with self._lock:
            self._sounds.add_samples(target, samples)

    def play(self, target: str, position_s: float, now_s: float) -> float:
        """Play this target from this position on; returns the time at which it was at its beginning."""
        with self._lock:
            before, sound, since_s = self._at(now_s), self._sounds.get(target), now_s - position_s
            same = before is not None and (before.target, before.sound) == (target, sound)
            if before is None or not same or abs(before.since_s - since_s) > _SAME_S:
                self._plays += 1
            self._changes.append((now_s, Playing(target, since_s, sound, self._plays)))
            return since_s

    def stop(self, target: str, now_s: float) -> None:
        """Stop this target; "": whatever plays."""
        with self._lock:
            before = self._at(now_s)
            if before and target in ("", before.target):
                self._changes.append((now_s, None))

    def at(self, now_s: float) -> Playing | None:
        """What plays at a time; for a future time, what will if nothing changes."""
        with self._lock:
            return self._at(now_s)

    def _at(self, now_s: float) -> Playing | None:
        for since_s, playing in reversed(self._changes):
            if since_s <= now_s:
                return None if playing is None or playing.over(now_s) else playing
        return None

    def sound(self, target: str) -> PlayedSound | None:
        """The newest sound of this target."""
        with self._lock:
            return self._sounds.get(target)

    def samples(self, playing: Playing) -> Samples | None:
        """The samples of what plays, if they are known."""
        with self._lock:
            return self._sounds.samples(playing.sound) if playing.sound else None

    @property
    def rate(self) -> int:
        """Sample rate in hertz of the newest sound whose samples are known; 0 if there is none."""
        with self._lock:
            return self._sounds.rate
