"""What a renderer that connects late has to receive: the sound model, the last sounds, and what plays."""

import logging
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from core.audio.levels import gain
from renderer.ipc import messages
from server.sounds.rendered import RenderedSound

log = logging.getLogger(__name__)

KEEP_SOUNDS = 16


@dataclass(frozen=True)
class Play:
    """A target that plays: its position at the time `since_s`, of the monotonic clock, in seconds."""

    target: str
    position_s: float
    since_s: float

    def encode(self) -> list[bytes]:
        """The message, with the position of this moment."""
        position_s = self.position_s + time.monotonic() - self.since_s
        return messages.encode("play", {"target": self.target, "position_s": position_s})


@dataclass
class ReplayCache:
    """Messages as they were sent.

    Attributes:
        loaded: the last `loaded`.
        sounds: the last `sound` messages, oldest first, each with its `samples`, or None.
        play: what plays.
    """

    loaded: list[bytes] | None = None
    sounds: deque[tuple[list[bytes], list[bytes] | None]] = field(default_factory=lambda: deque(maxlen=KEEP_SOUNDS))
    play: Play | None = None

    def add(self, sound: list[bytes], samples: list[bytes] | None) -> None:
        """Keep a sound. The oldest samples are dropped, so that all together have at most SAMPLES_BYTES."""
        self.sounds.append((sound, samples))
        room = messages.SAMPLES_BYTES
        for place in range(len(self.sounds) - 1, -1, -1):
            sound, samples = self.sounds[place]
            room -= len(samples[-1]) if samples else 0
            if room < 0:
                self.sounds[place] = (sound, None)

    def replay(self) -> Iterator[list[bytes]]:
        """All messages, in the order in which they are to be sent."""
        if self.loaded:
            yield self.loaded
        for sound, samples in self.sounds:
            yield sound
            if samples:
                yield samples
        if self.play:
            yield self.play.encode()


def encode_samples(sound: RenderedSound) -> list[bytes] | None:
    """The `samples` message of a sound, for the audio of recordings, with its gain; None: the sound is too long."""
    # As loud as patches play it, and clipped as a loudspeaker would.
    wave = np.clip(sound.wave * gain(sound.gain_db), -1.0, 1.0)
    samples = np.round(wave * 32767.0).astype(np.int16)
    if samples.nbytes > messages.SAMPLES_BYTES:
        log.info("%s is too long for the audio of recordings", sound.target)
        return None
    return messages.encode("samples", {"target": sound.target, "sample_rate": sound.sample_rate}, samples=samples)
