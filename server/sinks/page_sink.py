"""Deliver sounds to a page: their samples go to the process that serves it, over the link to renderers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.audio.levels import gain
from renderer.ipc import messages
from server.osc.packet import Message
from server.sounds.rendered import Deliverable, RenderedSound

# The longest sound that a page gets: 4 bytes for each sample.
MOST_SAMPLES = 8 << 20


@dataclass(frozen=True)
class PageSink:
    """Sends whole sounds; what is played in pieces (streams, the heads of notes) needs a client that plays it so.

    Attributes:
        page: who gets them.
        send: takes the frames of a message.
    """

    page: str
    send: Callable[[list[bytes]], None]

    def deliver(self, sounds: Sequence[Deliverable]) -> list[Message]:
        """Send the whole ones of these sounds as loud as patches play them; a name takes the place of a path.

        Raises:
            ValueError: a sound is too long, or has values that are not finite.
        """
        whole = [sound for sound in sounds if isinstance(sound, RenderedSound)]
        for frames in [self._encode(sound) for sound in whole]:
            self.send(frames)
        return [
            Message("/sound/audio", (sound.target, sound.target, len(sound.wave), sound.sample_rate)) for sound in whole
        ]

    def _encode(self, sound: RenderedSound) -> list[bytes]:
        if len(sound.wave) > MOST_SAMPLES:
            longest_s = MOST_SAMPLES / sound.sample_rate
            raise ValueError(f"the page plays sounds of at most {longest_s:.0f} s; send this command over OSC")
        wave = np.asarray(sound.wave, np.float32) * np.float32(gain(sound.gain_db))
        fields = {"page": self.page, "target": sound.target, "sample_rate": sound.sample_rate}
        return messages.encode("audio", fields, samples=wave)

    def withdraw(self, replies: Sequence[Message]) -> None:
        """Nothing has to be taken back: a page plays only what has been answered."""
