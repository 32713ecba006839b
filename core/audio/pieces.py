"""A sound at one rate, in pieces with margins: analyses of long sounds need no more memory than those of short ones."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from core.audio.blocks import AudioSource, mono_blocks

SAMPLE_RATE = 22050
# The longest filter of a chromagram, at C1 with 36 bins an octave, is 1.6 s; half of it and the filters that halve the
# rate reach across an edge.
MARGIN_S, PIECE_S = 1.6, 30.0


@dataclass(frozen=True)
class Piece:
    """The samples of some frames, float32 at SAMPLE_RATE, with a margin of so many samples on either side."""

    samples: np.ndarray
    margin: int
    frames: int

    def inner(self, hop: int) -> slice:
        """The frames of the piece itself among those of all its samples."""
        first = self.margin // hop
        return slice(first, first + self.frames)


def pieces(sound: AudioSource, hop: int) -> Iterator[Piece]:
    """A sound in pieces of whole frames, `hop` samples each; around the sound there is silence."""
    margin = hop * -(-int(MARGIN_S * SAMPLE_RATE) // hop)
    frames = max(1, int(PIECE_S * SAMPLE_RATE) // hop)
    size = frames * hop
    held = np.zeros(margin, np.float32)
    for block in _gathered(mono_blocks(sound, SAMPLE_RATE), size):
        held = np.concatenate([held, block])
        while len(held) >= size + 2 * margin:
            yield Piece(held[: size + 2 * margin], margin, frames)
            held = held[size:]
    while len(held) > margin:
        rest = min(size, len(held) - margin)
        count = -(-rest // hop)
        needed = count * hop + 2 * margin
        yield Piece(np.pad(held[:needed], (0, max(0, needed - len(held)))), margin, count)
        held = held[size:]


def _gathered(blocks: Iterable[np.ndarray], size: int) -> Iterator[np.ndarray]:
    """Blocks joined until they hold `size` samples: joining costs little then."""
    waiting: list[np.ndarray] = []
    for block in blocks:
        waiting.append(block)
        if sum(map(len, waiting)) >= size:
            yield np.concatenate(waiting)
            waiting = []
    if waiting:
        yield np.concatenate(waiting)
