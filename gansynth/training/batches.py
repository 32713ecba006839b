"""The batches that GANSynth's training steps are fed: notes as spectrograms, labels, and random latents."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.training import data_order
from core.training.random_streams import Stream, generator
from core.training.trees import Batch
from gansynth import conditions
from gansynth.conditions import JointCounts
from gansynth.config import Config
from gansynth.training.hparams import SoundHparams
from gansynth.training.spectra import Spectra


@dataclass(frozen=True)
class NoteSource:
    """The notes to train on: rows of `spectra`."""

    config: Config
    hparams: SoundHparams
    spectra: Spectra
    rows: tuple[int, ...]

    @cached_property
    def counts(self) -> JointCounts:
        """How often each combination of labels occurs among them."""
        return JointCounts.of(self.config, [self.spectra.labels[row] for row in self.rows])

    @cached_property
    def instruments(self) -> tuple[str, ...]:
        """Names of the instruments among them, ascending."""
        return tuple(sorted({self.spectra.labels[row].instrument for row in self.rows}))

    @property
    def groups(self) -> int:
        """How many distributions of latents are learned: one per instrument; a second one for it without conditions."""
        return len(self.instruments) * (2 if self.config.conditions else 1)

    def batch(self, images: int, size: int, block: int) -> Batch:
        """The batch of the step after `images` notes.

        Args:
            images: how many notes the run has seen; everything random follows from it and the seed.
            size: notes in the batch.
            block: the resolution of the spectrograms, as the number of the generator's block.

        Returns:
            "real" [n, h, w, 2], and all that is in `rows_batch`.
        """
        batch = self.rows_batch(images, size)
        return batch | {"real": self.spectra.batch(batch["rows"], block)}

    def rows_batch(self, images: int, size: int) -> Batch:
        """A batch without its spectrograms, for a device that has them all.

        Args:
            images: how many notes the run has seen.
            size: notes in the batch.

        Returns:
            "rows" [n], of the notes in `spectra`; "full_labels" [n, labels], and "labels" with conditions dropped;
            "group" [n]; "noise", "z" and "z2" [n, latent] with "z_labels" and "z2_labels"; "mix" [n, 1, 1, 1].
        """
        rng = generator(self.hparams.seed, Stream.BATCHES, images)
        rows = np.array(self.rows)[data_order.rows(self.hparams.seed, images, size, len(self.rows))]
        notes = [self.spectra.labels[row] for row in rows]
        full = self.counts.vectors(notes)
        labels, kept = self._dropped(full, rng)
        group = np.array([self.instruments.index(note.instrument) for note in notes], np.int32)
        batch = {
            "rows": rows.astype(np.int32),
            "full_labels": full,
            "labels": labels,
            "group": group + len(self.instruments) * (~kept.all(axis=1)).astype(np.int32),
            "noise": rng.standard_normal((size, self.config.latent_size), np.float32),
            "mix": rng.random((size, 1, 1, 1), np.float32),
        }
        for z in ("z", "z2"):
            batch[z] = rng.standard_normal((size, self.config.latent_size), np.float32)
            batch[f"{z}_labels"], _ = self._dropped(self.counts.draw(rng, size), rng)
        return batch

    def _dropped(self, labels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        return conditions.drop(self.config, labels, self.hparams.condition_dropout, rng)
