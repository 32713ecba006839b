"""What sounds now, and what sounded a moment ago."""

import threading
from collections import deque
from dataclasses import dataclass, replace

from renderer.live.sounds import PlayedSound, Samples, Sounds

# A player that tells again where it is, this near to where we think it is, has not jumped.
_SAME_S = 0.15
# More changes than a recorder is ever behind.
_REMEMBERED = 256


@dataclass(frozen=True)
class Playing:
    """A target that sounds; at `since_s` it was at its beginning. The sound is None until it is known.

    `number` counts the times that something was played, or jumped to.
    """

    target: str
    since_s: float
    sound: PlayedSound | None
    number: int

    def over(self, now_s: float) -> bool:
        """Whether it has come to its end."""
        return self.sound is not None and now_s - self.since_s > self.sound.duration_s


class Transport:
    """Its methods may be called from any thread; times are of one clock, in seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sounds = Sounds()
        self._changes: deque[tuple[float, Playing | None]] = deque(maxlen=_REMEMBERED)
        self._plays = 0

    def add(self, sound: PlayedSound) -> None:
        """A sound was made; if it plays already, it is heard from now on."""
        with self._lock:
            self._sounds.add(sound)
            since_s, newest = self._changes[-1] if self._changes else (0.0, None)
            if newest and newest.target == sound.target and newest.sound is None:
                self._changes[-1] = (since_s, replace(newest, sound=sound))

    def add_samples(self, target: str, samples: Samples) -> None:
        """How the newest sound of this target sounds."""
        with self._lock:
            self._sounds.add_samples(target, samples)

    def play(self, target: str, position_s: float, now_s: float) -> float:
        """This target plays, and is at this position now; returns when it was at its beginning."""
        with self._lock:
            before, sound, since_s = self._at(now_s), self._sounds.get(target), now_s - position_s
            same = before is not None and (before.target, before.sound) == (target, sound)
            if before is None or not same or abs(before.since_s - since_s) > _SAME_S:
                self._plays += 1
            self._changes.append((now_s, Playing(target, since_s, sound, self._plays)))
            return since_s

    def stop(self, target: str, now_s: float) -> None:
        """This target plays no more; "": whatever plays."""
        with self._lock:
            before = self._at(now_s)
            if before and target in ("", before.target):
                self._changes.append((now_s, None))

    def at(self, now_s: float) -> Playing | None:
        """What sounded at a time, or will if nothing is changed."""
        with self._lock:
            return self._at(now_s)

    def _at(self, now_s: float) -> Playing | None:
        for since_s, playing in reversed(self._changes):
            if since_s <= now_s:
                return None if playing is None or playing.over(now_s) else playing
        return None

    def sound(self, target: str) -> PlayedSound | None:
        """The newest of this target."""
        with self._lock:
            return self._sounds.get(target)

    def samples(self, playing: Playing) -> Samples | None:
        """How it sounds, if that is known."""
        with self._lock:
            return self._sounds.samples(playing.sound) if playing.sound else None

    @property
    def rate(self) -> int:
        """Of the newest sound that can be heard, in hertz; 0 where there is none."""
        with self._lock:
            return self._sounds.rate
