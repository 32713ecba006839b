"""Deliver sounds to a page: their samples go to the process that serves it, over the link to renderers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.audio.levels import gain
from renderer.ipc import messages
from server.osc.packet import Message
from server.sinks.wav_pieces import samples_of, segment_message
from server.sounds.rendered import Deliverable, RenderedSound, Segment

# The longest sound that a page gets: 4 bytes for each sample.
MOST_SAMPLES = 8 << 20


@dataclass(frozen=True)
class PageSink:
    """Sends whole sounds, and the segments of those without an end; not the heads of notes.

    Attributes:
        page: who gets them.
        send: takes the frames of a message.
    """

    page: str
    send: Callable[[list[bytes]], None]

    def deliver(self, sounds: Sequence[Deliverable]) -> list[Message]:
        """Send these sounds as loud as patches play them; a name takes the place of a path.

        Raises:
            ValueError: a sound is too long, or has values that are not finite.
        """
        whole = [sound for sound in sounds if isinstance(sound, RenderedSound)]
        for frames in [self._encode(sound.target, sound.sample_rate, _at_level(sound)) for sound in whole]:
            self.send(frames)
        segments = [self._segment(sound) for sound in sounds if isinstance(sound, Segment)]
        return [
            *(
                Message("/sound/audio", (sound.target, sound.target, len(sound.wave), sound.sample_rate))
                for sound in whole
            ),
            *(message for message in segments if message),
        ]

    def _segment(self, sound: Segment) -> Message | None:
        """Send a segment; None: its samples come with the next one."""
        wave = samples_of(sound, sound.sample_rate, at_level=True)
        if not len(wave):
            return None
        self.send(self._encode(sound.target, sound.sample_rate, wave))
        return segment_message(sound, sound.target, len(wave), sound.sample_rate)

    def _encode(self, target: str, sample_rate: int, wave: np.ndarray) -> list[bytes]:
        fields = {"page": self.page, "target": target, "sample_rate": sample_rate}
        return messages.encode("audio", fields, samples=np.asarray(wave, np.float32))

    def withdraw(self, replies: Sequence[Message]) -> None:
        """Nothing has to be taken back: a page plays only what has been answered."""


def _at_level(sound: RenderedSound) -> np.ndarray:
    """The samples of a whole sound, [n].

    Raises:
        ValueError: it is too long.
    """
    if len(sound.wave) > MOST_SAMPLES:
        longest_s = MOST_SAMPLES / sound.sample_rate
        raise ValueError(f"the page plays sounds of at most {longest_s:.0f} s; send this command over OSC")
    return np.asarray(sound.wave, np.float32) * np.float32(gain(sound.gain_db))
