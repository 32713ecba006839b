"""A dataset's spectrograms, computed once and kept on disk at every resolution that training goes through.

Magenta computes each note's spectrogram again in every epoch, which takes more time than the small networks of the
first stages do.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from keras import ops

from core.files.atomic import new_folder
from core.nn.backend import compiled_exactly
from core.progress import Progress
from gansynth import normalizer, spectral
from gansynth.config import Config
from gansynth.dataset import records
from gansynth.dataset.records import Labels, Note

log = logging.getLogger(__name__)
VERSION = 1
BATCH = 16


@dataclass(frozen=True)
class Spectra:
    """Normalised spectrograms and labels of some notes.

    `levels` maps a block to float16 [notes, h, w, 2] at that block's resolution, in a memory-mapped file.
    """

    labels: tuple[Labels, ...]
    levels: dict[int, np.ndarray]

    def __len__(self) -> int:
        """How many notes there are."""
        return len(self.labels)

    def batch(self, rows: np.ndarray, block: int) -> np.ndarray:
        """Some notes at a block's resolution: float32 [len(rows), h, w, 2]."""
        order = np.argsort(rows)
        taken = self.levels[block][rows[order]]
        return taken[np.argsort(order)].astype(np.float32)


def selected(labels: Sequence[Labels], sources: Sequence[int], low: int, high: int) -> list[int]:
    """The rows of the notes to train on: those of some sources, with pitches from `low` to `high`.

    Raises:
        ValueError: there is none.
    """
    rows = [i for i, one in enumerate(labels) if one.source in sources and low <= one.pitch <= high]
    if not rows:
        raise ValueError(
            f"no note has a pitch in {low}..{high} and a source in {list(sources)}; "
            "see train_min_pitch, train_max_pitch and train_instrument_sources"
        )
    return rows


def prepare(data_dir: Path, cache_dir: Path, config: Config, progress: Progress = lambda done, total: None) -> Spectra:
    """The spectra of all notes of a dataset, from the cache or computed into it.

    Args:
        data_dir: holds data.tfrecord and meta.json.
        cache_dir: where the spectra are kept, in a folder whose name depends on the dataset and the settings.
        config: of the network to train.
        progress: called with (done, notes).

    Raises:
        FileNotFoundError: there is no such dataset.
        ValueError: it is damaged, or a note does not have the length config.audio_length.
    """
    labels = tuple(records.read_labels(data_dir).values())
    folder = cache_dir / f"spectra-{_key(data_dir, config)}"
    if not folder.is_dir():
        log.info("computing %d spectrograms into %s", len(labels), folder)
        try:
            with new_folder(folder) as part:
                _compute(data_dir, part, config, len(labels), progress)
        except OSError:
            # Another worker may have been faster.
            if not folder.is_dir():
                raise
    return Spectra(labels, {block: np.load(_level(folder, block), mmap_mode="r") for block in _blocks(config)})


def resolution(config: Config, block: int) -> tuple[int, int]:
    """Time frames and frequencies of a block's spectrograms."""
    growth = config.scale_base ** (block - 1)
    return config.start_height * growth, config.start_width * (growth if config.scale_mode == "ALL" else 1)


def fit_normalizer(data_dir: Path, config: Config, margin: float, count: int) -> None:
    """Fit the config's normaliser to the first `count` notes of a dataset, unless it exists or needs no fitting."""
    if config.data_normalizer not in normalizer.FITTED or normalizer.path(config).exists():
        return
    transform = compiled_exactly(lambda waves: spectral.waves_to_specgrams(ops, waves, config))
    notes = islice(records.read(data_dir), count)
    normalizer.fit((_transformed(batch, transform, config) for batch in _batches(notes, BATCH)), config, margin)


def _compute(data_dir: Path, folder: Path, config: Config, count: int, progress: Progress) -> None:
    files = {
        block: np.lib.format.open_memmap(
            _level(folder, block), "w+", np.float16, (count, *resolution(config, block), 2)
        )
        for block in _blocks(config)
    }
    scale, shift = normalizer.scale_and_shift(config)
    limit = np.inf if config.data_normalizer == "none" else 1.0
    transform = compiled_exactly(
        lambda waves: ops.clip(scale * spectral.waves_to_specgrams(ops, waves, config) + shift, -limit, limit)
    )
    done = 0
    for notes in _batches(records.read(data_dir), BATCH):
        specgrams = _transformed(notes, transform, config)
        for block in reversed(_blocks(config)):
            files[block][done : done + len(notes)] = specgrams
            if block > 1 and config.train_progressive:
                specgrams = _halved(specgrams, resolution(config, block - 1))
        done += len(notes)
        progress(done, count)
    for file in files.values():
        file.flush()


def _transformed(notes: Sequence[Note], transform: Callable[[np.ndarray], Any], config: Config) -> np.ndarray:
    """A function of waves [BATCH, samples], applied to these notes."""
    waves = np.stack([_wave(note, config) for note in notes])
    padded = np.pad(waves, ((0, BATCH - len(waves)), (0, 0)))
    return ops.convert_to_numpy(transform(padded))[: len(notes)]


def _wave(note: Note, config: Config) -> np.ndarray:
    if len(note.audio) != config.audio_length:
        raise ValueError(
            f"{note.name} has {len(note.audio)} samples; audio_length is {config.audio_length}, "
            "and all notes must have that length"
        )
    return note.audio


def _halved(specgrams: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    n, height, width, colors = specgrams.shape
    boxes = specgrams.reshape(n, size[0], height // size[0], size[1], width // size[1], colors)
    return boxes.mean(axis=(2, 4))


def _batches(notes: Iterator[Note], size: int) -> Iterator[list[Note]]:
    batch: list[Note] = []
    for note in notes:
        batch.append(note)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _blocks(config: Config) -> range:
    """The blocks whose resolutions training goes through: all of them while the networks grow, else the last."""
    return range(1 if config.train_progressive else config.num_resolutions, config.num_resolutions + 1)


def _level(folder: Path, block: int) -> Path:
    return folder / f"block_{block:02d}.npy"


def _key(data_dir: Path, config: Config) -> str:
    """A hash of everything that spectrograms depend on: settings, and the dataset's files by size and time."""
    stats = [(data_dir / name).stat() for name in records.FILES if (data_dir / name).exists()]
    facts: dict[str, Any] = {
        "version": VERSION,
        "files": [[stat.st_size, stat.st_mtime_ns] for stat in stats],
        "normalizer": [part.tolist() for part in normalizer.scale_and_shift(config)],
    }
    if not config.train_progressive:
        facts["blocks"] = list(_blocks(config))
    for name in (
        "data_type",
        "audio_length",
        "sample_rate",
        "start_height",
        "start_width",
        "num_resolutions",
        "scale_base",
        "scale_mode",
    ):
        facts[name] = getattr(config, name)
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
