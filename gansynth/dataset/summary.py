"""Summary of a dataset before training: counts, loudness, silence, duplicates, and a sheet of spectrograms."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from core.audio.levels import SILENCE_DB, rms_db
from core.plots import LIGHT, dark_figure, draw_spectrogram
from gansynth.dataset.records import FAMILIES, QUALITIES, SOURCES, Labels, Note

# Magenta's trainer uses only these by default.
TRAIN_PITCHES, TRAIN_SOURCES = range(24, 85), {0}
SHEET_COLUMNS, SHEET_ROWS = 8, 6
_MAX_NAMED = 5  # notes that a line names before "and more"


@dataclass
class DatasetSummary:
    """Statistics of a dataset, collected note by note; levels are RMS in dB below full scale."""

    labels: list[Labels] = field(default_factory=list)
    levels_db: dict[str, float] = field(default_factory=dict)
    clipped: list[str] = field(default_factory=list)
    same: dict[bytes, list[str]] = field(default_factory=lambda: defaultdict(list))
    length: int = 0

    def add(self, note: Note) -> None:
        """Add a note to the statistics."""
        self.length = len(note.audio)
        self.labels.append(note.labels)
        self.levels_db[note.name] = rms_db(note.audio)
        self.same[hashlib.blake2b(note.audio.tobytes(), digest_size=16).digest()].append(note.name)
        if np.abs(note.audio).max(initial=0) >= 1 and self.levels_db[note.name] > SILENCE_DB:
            self.clipped.append(note.name)

    @property
    def silent(self) -> list[str]:
        """Names of notes below SILENCE_DB."""
        return [name for name, level in self.levels_db.items() if level < SILENCE_DB]

    @property
    def duplicates(self) -> list[list[str]]:
        """Names of notes with the same samples, in groups."""
        return [names for names in self.same.values() if len(names) > 1]

    def lines(self) -> Iterator[str]:
        """The summary as lines of text."""
        instruments = {labels.instrument for labels in self.labels}
        yield f"{len(self.labels)} notes of {self.length} samples, {len(instruments)} instruments"
        yield "notes per pitch: " + _counted(Counter(labels.pitch for labels in self.labels))
        yield "notes per family: " + _counted(Counter(FAMILIES[labels.family] for labels in self.labels))
        yield "notes per source: " + _counted(Counter(SOURCES[labels.source] for labels in self.labels))
        marks = np.sum([labels.qualities for labels in self.labels], axis=0)
        qualities = {word: int(count) for word, count in zip(QUALITIES, marks, strict=True) if count}
        yield "notes per quality: " + (_counted(qualities) or "none")
        yield from self._loudness()
        silent, clipped = self.silent, self.clipped
        yield f"silent (below {SILENCE_DB:g} dB): {len(silent)}{_some(silent)}"
        yield f"at full scale, maybe clipped: {len(clipped)}{_some(clipped)}"
        twice = [" = ".join(names) for names in self.duplicates]
        yield f"the same sound more than once: {len(twice)}{_some(twice)}"
        left_out = sum(one.pitch not in TRAIN_PITCHES or one.source not in TRAIN_SOURCES for one in self.labels)
        if left_out:
            yield (
                f"Magenta's training leaves out {left_out} notes: by default it uses pitches 24 to 84 of acoustic "
                "source (train_min_pitch, train_max_pitch, train_instrument_sources)"
            )

    def _loudness(self) -> Iterator[str]:
        ranked = sorted(self.levels_db, key=self.levels_db.__getitem__)
        low, middle, high = ranked[0], ranked[len(ranked) // 2], ranked[-1]
        yield (
            f"loudness: {self.levels_db[low]:.1f} dB ({low}) to {self.levels_db[high]:.1f} dB ({high}), "
            f"median {self.levels_db[middle]:.1f} dB"
        )


def _counted(counts: dict[Any, int]) -> str:
    return "  ".join(f"{key}:{count}" for key, count in sorted(counts.items()))


def _some(names: Sequence[str]) -> str:
    if not names:
        return ""
    return f" ({', '.join(names[:_MAX_NAMED])}{' and more' if len(names) > _MAX_NAMED else ''})"


def choose(labels: dict[str, Labels], most: int = SHEET_COLUMNS * SHEET_ROWS) -> list[str]:
    """Names of at most `most` notes, spread evenly over the dataset by pitch and then instrument."""
    ranked = sorted(labels, key=lambda name: (labels[name].pitch, labels[name].instrument, name))
    if len(ranked) <= most:
        return ranked
    return [ranked[place] for place in np.linspace(0, len(ranked) - 1, most).round().astype(int)]


def save_sheet(path: Path, notes: Iterable[Note], sample_rate: int) -> None:
    """Draw the notes' spectrograms in a grid, each relative to its own loudest bin; the suffix is the format.

    Args:
        path: .png, .svg or .pdf.
        notes: at most a few dozen.
        sample_rate: Hz.
    """
    shown = list(notes)
    columns = min(SHEET_COLUMNS, max(1, len(shown)))
    rows = max(1, -(-len(shown) // columns))
    figure = dark_figure(1.0 + 1.7 * columns, 0.7 + 1.5 * rows)
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for place, axes in enumerate(grid.flat):
        if place < len(shown):
            _draw(axes, shown[place], sample_rate)
        else:
            axes.set_visible(False)
    figure.supxlabel("time / s", color=LIGHT, fontsize=9)
    figure.supylabel("frequency / kHz", color=LIGHT, fontsize=9)
    figure.savefig(path, dpi=100)


def _draw(axes: Any, note: Note, sample_rate: int) -> None:
    draw_spectrogram(axes, note.audio, sample_rate)
    name = note.name if len(note.name) <= 24 else f"{note.name[:14]}…{note.name[-9:]}"
    # Not parsed as mathematics, because a name may contain dollar signs.
    axes.set_title(name, color=LIGHT, fontsize=7, pad=2, parse_math=False)
    axes.tick_params(colors=LIGHT, labelsize=7)
    axes.label_outer()
