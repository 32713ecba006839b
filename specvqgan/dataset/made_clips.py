"""The dataset that this project makes itself: clips of image models, whose sounds follow the rule."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from core.progress import Progress, ignore
from specvqgan.dataset import clips, rule
from specvqgan.dataset.clips import Clip
from specvqgan.dataset.folder import HELD_OUT, ClipFormat, Entry
from specvqgan.dataset.moving_pictures import PictureBank
from specvqgan.dataset.note_bank import NoteBank
from specvqgan.features.extractors import Extractor

# Paths of the bank that only held-out clips have: one in so many.
HELD_OUT_EVERY = 6
# Of the clips to learn from, how many have the sound of a class that was asked for, whatever their pictures say.
ASKED = 0.35


@dataclass(frozen=True)
class ClipMaker:
    """Makes clips.

    Attributes:
        pictures: to show.
        notes: to sound.
        form: of the dataset.
        extract: measures frames.
        spectrogram: of a wave.
        seed: of everything random.
    """

    pictures: PictureBank
    notes: NoteBank
    form: ClipFormat
    extract: Extractor
    spectrogram: Callable[[np.ndarray], np.ndarray]
    seed: int = 0

    def paths(self, part: str) -> range:
        """The paths of the bank that clips of a part show."""
        count = self.pictures.paths.shape[1]
        first = count - max(1, count // HELD_OUT_EVERY)
        return range(first, count) if part == HELD_OUT else range(first)

    def clip(self, part: str, number: int) -> tuple[Clip, bool]:
        """A clip by its number, and whether its class was asked for."""
        rng = np.random.default_rng([self.seed, part == HELD_OUT, number])
        asked = int(rng.integers(len(rule.NAMES))) if part != HELD_OUT and rng.random() < ASKED else None
        made = clips.clip(self.pictures, self.paths(part), self.form.moments, rng, asked)
        return made, asked is not None

    def entries(self, part: str, count: int, progress: Progress = ignore) -> Iterator[Entry]:
        """The clips of a part, of which held-out ones are never asked for a class."""
        for number in range(count):
            progress(number, count)
            made, asked = self.clip(part, number)
            wave = clips.wave(made, self.notes, self.form.rate, self.form.samples)
            yield Entry(self.extract.measure(made.frames), self.spectrogram(wave), wave, made.family, asked)
        progress(count, count)
