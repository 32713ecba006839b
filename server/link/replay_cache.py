"""What a renderer that connects late has to receive: the sound model, the last sounds, and what plays."""

import logging
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from core.audio.features import features
from core.audio.levels import gain
from renderer.ipc import messages
from server.sounds.rendered import RenderedSound

log = logging.getLogger(__name__)

KEEP_SOUNDS = 16
_BLOCK = 1 << 18


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


# A sound as its messages, `sound` and `samples` (None: not kept), or as it was rendered.
_Kept = tuple[list[bytes], list[bytes] | None] | RenderedSound


@dataclass
class ReplayCache:
    """Messages as they were sent, and sounds that nobody has received yet: those are encoded when somebody does.

    Attributes:
        loaded: the last `loaded`.
        sounds: the last sounds, oldest first.
        play: what plays.
        watched: whether renderers are to keep what they show in mind.
    """

    loaded: list[bytes] | None = None
    sounds: deque[_Kept] = field(default_factory=lambda: deque(maxlen=KEEP_SOUNDS))
    play: Play | None = None
    watched: bool = False

    def add(self, sound: list[bytes], samples: list[bytes] | None) -> None:
        """Keep a sound that was sent."""
        self.sounds.append((sound, samples))
        self._limit()

    def add_rendered(self, sound: RenderedSound) -> None:
        """Keep a sound that nobody received."""
        self.sounds.append(sound)
        self._limit()

    def _limit(self) -> None:
        """Drop the oldest samples, so that all together have at most SAMPLES_BYTES as they are sent."""
        room = messages.SAMPLES_BYTES
        for place in range(len(self.sounds) - 1, -1, -1):
            kept = self.sounds[place]
            if isinstance(kept, RenderedSound):
                room -= 2 * len(kept.wave)
            else:
                room -= len(kept[1][-1]) if kept[1] else 0
            if room < 0:
                self.sounds[place] = (encode_sound(kept) if isinstance(kept, RenderedSound) else kept[0], None)

    def replay(self) -> Iterator[list[bytes]]:
        """All messages, in the order in which they are to be sent."""
        if self.watched:
            yield messages.encode("watch")
        if self.loaded:
            yield self.loaded
        for place, kept in enumerate(self.sounds):
            sound, samples = (encode_sound(kept), encode_samples(kept)) if isinstance(kept, RenderedSound) else kept
            self.sounds[place] = (sound, samples)
            yield sound
            if samples:
                yield samples
        if self.play:
            yield self.play.encode()


def encode_sound(sound: RenderedSound) -> list[bytes]:
    """The `sound` message, with the features that images follow."""
    found = features(sound.wave, sound.sample_rate)
    fields = {
        "target": sound.target,
        "kind": sound.kind,
        "duration_s": len(sound.wave) / sound.sample_rate,
        "sample_rate": sound.sample_rate,
        "pitch": sound.pitch,
        "part": sound.part,
        "drive": sound.drive,
    }
    arrays = {"key_times_s": np.array(sound.key_times_s), "keys": sound.keys}
    arrays |= {
        "loudness": found.loudness,
        "onsets": found.onsets,
        "chroma": found.chroma,
        "brightness": found.brightness,
    }
    return messages.encode("sound", fields, **arrays)


def encode_samples(sound: RenderedSound) -> list[bytes] | None:
    """The `samples` message of a sound, for the audio of recordings, with its gain; None: the sound is too long."""
    if 2 * len(sound.wave) > messages.SAMPLES_BYTES:
        log.info("%s is too long for the audio of recordings", sound.target)
        return None
    samples, factor = np.empty(len(sound.wave), np.int16), gain(sound.gain_db)
    for begin in range(0, len(samples), _BLOCK):
        # As loud as patches play it, and clipped as a loudspeaker would.
        wave = np.clip(sound.wave[begin : begin + _BLOCK] * factor, -1.0, 1.0)
        samples[begin : begin + _BLOCK] = np.round(wave * 32767.0)
    return messages.encode("samples", {"target": sound.target, "sample_rate": sound.sample_rate}, samples=samples)
