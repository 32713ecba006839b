"""A bank of random notes of a model, by their timbres: where the search for a recorded sound starts.

It is one .npz file of some megabytes, beside the model, or in the user's cache where the model ships. The latent
vectors are not in it: they follow from its seed.
"""

import io
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from core import progress as no_progress
from core.files import atomic, user_folders
from core.formats.npz import read_npz
from core.progress import Progress
from gansynth.latent_prior import LatentPrior
from gansynth.timbre import Timbre

log = logging.getLogger(__name__)

COUNT = 3000
# Semitones between two pitches of the bank.
_APART = 6
_SEED = 2217
_VERSION = 1
_FORMAT = "hallu-note-bank"


class NotePlayer(Protocol):
    """What plays notes to compare: a model, or a model with edits."""

    sample_rate: int
    audio_length: int

    def notes(
        self,
        z: np.ndarray,
        pitches: Sequence[int],
        /,
        *,
        conditions: Any = None,
        length: int | None = None,
        progress: Progress | None = None,
    ) -> Iterator[np.ndarray]:
        """Yield notes, float32 [length]; without a length, [audio_length]."""


class BankModel(NotePlayer, Protocol):
    """The part of a sound model that a bank needs."""

    name: str
    folder: Path
    latent_size: int
    prior: LatentPrior

    @property
    def pitches(self) -> Sequence[int]:
        """MIDI pitches."""

    @property
    def checksum(self) -> str:
        """The checksum of the weights."""


@dataclass(frozen=True)
class NoteBank:
    """Notes of a model: z float32 [n, latent], pitches [n], and the timbres of the whole notes [n, size]."""

    z: np.ndarray
    pitches: np.ndarray
    timbres: np.ndarray

    def near(self, pitch: int) -> "NoteBank":
        """The notes at the pitch that is nearest to a wanted one."""
        chosen = self.pitches == self.pitches[np.abs(self.pitches - pitch).argmin()]
        return NoteBank(self.z[chosen], self.pitches[chosen], self.timbres[chosen])


def compute(model: BankModel, count: int = COUNT, progress: Progress = no_progress.ignore) -> NoteBank:
    """Render the notes of a bank and measure their timbres; what `progress` raises ends the work."""
    z, pitches = _latents(model, count), _pitches(model.pitches, count)
    timbre = Timbre(model.sample_rate, model.audio_length)
    notes = model.notes(z, pitches.tolist(), progress=progress)
    # As in the file, so that a search starts at the same note whether the bank is new or read.
    timbres = np.stack([timbre.of(note).astype(np.float16) for note in notes])
    return NoteBank(z, pitches, timbres)


def load(model: BankModel) -> NoteBank | None:
    """The bank of a model from its file; None where there is none, or it is for other weights."""
    try:
        return _read(model, file_of(model))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, OSError) as error:
        log.warning("%s is not used: %s", file_of(model), error)
        return None


def save(model: BankModel, bank: NoteBank) -> None:
    """Write the bank of a model; if that fails, the log says so, and the next search computes it again."""
    memory = io.BytesIO()
    np.savez(
        memory,
        format=_FORMAT,
        version=_VERSION,
        checksum=_checksum(model),
        seed=_SEED,
        pitches=bank.pitches.astype(np.int16),
        timbres=bank.timbres,
    )
    try:
        atomic.write_bytes(file_of(model), memory.getbuffer())
    except OSError as error:
        log.warning("the notes of %s are not kept: %s", model.name, error)


def file_of(model: BankModel) -> Path:
    """Where a model's bank is kept: in its folder, unless that ships or cannot be written."""
    if user_folders.keeps_apart(model.folder):
        return user_folders.cache_dir() / "note_banks" / f"{model.name}-{model.checksum[:16]}.npz"
    return model.folder / f"{model.name}_notes.npz"


def _read(model: BankModel, path: Path) -> NoteBank | None:
    content = read_npz(path)
    if str(content["format"]) != _FORMAT or int(content["version"]) != _VERSION or int(content["seed"]) != _SEED:
        raise ValueError(f"it is not a note bank of version {_VERSION}")
    if str(content["checksum"]) != _checksum(model):
        return None
    pitches, timbres = content["pitches"].astype(int), content["timbres"]
    size = Timbre(model.sample_rate, model.audio_length).size
    if not len(pitches) or timbres.shape != (len(pitches), size) or not np.isfinite(timbres).all():
        raise ValueError(f"its timbres have the shape {timbres.shape}, not [n, {size}]")
    return NoteBank(_latents(model, len(pitches)), pitches, timbres)


def _checksum(model: BankModel) -> str:
    """What the notes of a bank depend on."""
    return model.checksum + model.prior.checksum


def _latents(model: BankModel, count: int) -> np.ndarray:
    return model.prior.draw(np.random.default_rng(_SEED), count, precision=np.float64).astype(np.float32)


def _pitches(known: Sequence[int], count: int) -> np.ndarray:
    """The pitches of `count` notes, in turn those of the model that are _APART or nearly so."""
    places = np.linspace(known[0], known[-1], max(1, round((known[-1] - known[0]) / _APART)) + 2)[1:-1]
    chosen = sorted({int(known[np.abs(np.asarray(known) - place).argmin()]) for place in places})
    return np.resize(np.array(chosen), count)
