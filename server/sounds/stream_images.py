"""What images follow of a sound without an end: parts of it, which grow while they play.

A part is published as a sound of its own, with its key points (one for each note, and one that is still to come), again
and again until it is complete.
"""

from dataclasses import dataclass, field

import numpy as np

from gansynth.endless import EndlessHallucination
from server.sounds.rendered import RenderedSound

PART_S = 15.0
# How often a growing part is published, besides its first block.
_EVERY_S = 0.4


@dataclass
class StreamImages:
    """The part of one stream that is being rendered.

    Attributes:
        target: of the stream.
        sample_rate: in Hz.
        part: its number.
        begin: the sample at which it begins.
        blocks: its samples so far.
        published: how many of them have been published.
    """

    target: str
    sample_rate: int
    part: int = 0
    begin: int = 0
    blocks: list[np.ndarray] = field(default_factory=list)
    published: int = 0

    def add(self, block: np.ndarray, sound: EndlessHallucination, gain_db: float) -> list[RenderedSound]:
        """Take the next samples of the stream; returns the part if it is time to publish it."""
        self.blocks.append(block)
        count = sum(map(len, self.blocks))
        full = count >= PART_S * self.sample_rate
        if not full and self.published and count - self.published < _EVERY_S * self.sample_rate:
            return []
        self.published = count
        points = sound.points(self.begin)
        times_s = [(start - self.begin) / self.sample_rate for start, _ in points]
        found = RenderedSound(
            self.target,
            np.concatenate(self.blocks),
            self.sample_rate,
            sound.settings.pitch,
            np.stack([z for _, z in points]).astype(np.float32),
            times_s,
            gain_db,
            part=self.part,
        )
        if full:
            self.part, self.begin, self.blocks, self.published = self.part + 1, self.begin + count, [], 0
        return [found]
