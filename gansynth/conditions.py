"""Conditions of a note besides its pitch: instrument family, source, note qualities.

A model's label vector is the one-hot pitch, followed by the vectors of its conditions in the order of CONDITIONS. A
condition that is not set is all zeros; training leaves conditions out at random, so that zeros mean "any".

Labels for training are drawn from the joint counts of the dataset, so that only combinations are used that occur in it.
(The SopiMlab code drew each class of a one-hot label independently, so that a label could have none or several.)
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from core import checks
from gansynth.dataset.records import FAMILIES, QUALITIES, SOURCES, Labels

if TYPE_CHECKING:
    from gansynth.config import Config

ConditionValue = str | Collection[str] | None
PITCH = "pitch"
# The value that unsets a condition in a message or on the command line.
ANY = "any"


@dataclass(frozen=True)
class Condition:
    """A kind of label and the names of its values: one of them for a note, or with `several` any number of them.

    A value is coded as a whole number: the position of its name, or with `several` a bit mask, bit i for value i.
    """

    name: str
    values: tuple[str, ...]
    several: bool = False

    @property
    def width(self) -> int:
        """Length of this condition's part of a label vector."""
        return len(self.values)

    @property
    def codes(self) -> int:
        """The number of codes, which begin at 0."""
        return 1 << self.width if self.several else self.width

    def code(self, labels: Labels) -> int:
        """The code of a labelled note."""
        value = getattr(labels, self.name)
        return sum(bit << place for place, bit in enumerate(value)) if self.several else value

    def read(self, value: str | Collection[str]) -> int:
        """The code of a value by name, or of several values.

        Raises:
            ValueError: an unknown value, or not exactly one where only one is possible.
        """
        names = [value] if isinstance(value, str) else list(value)
        for name in names:
            if name not in self.values:
                raise ValueError(f"{self.name} has no value {str(name)[:40]!r}; it has {', '.join(self.values)}")
        if self.several:
            return sum(1 << self.values.index(name) for name in set(names))
        if len(names) != 1:
            raise ValueError(f"{self.name} takes one value, not {len(names)}")
        return self.values.index(names[0])

    def vectors(self, codes: np.ndarray) -> np.ndarray:
        """Codes [n] -> float32 [n, width] of zeros and ones."""
        places = np.arange(self.width)
        codes = np.asarray(codes, np.int64)[:, None]
        return ((codes >> places & 1) if self.several else (codes == places)).astype(np.float32)


CONDITIONS = {
    condition.name: condition
    for condition in (
        Condition("family", FAMILIES),
        Condition("source", SOURCES),
        Condition("qualities", QUALITIES, several=True),
    )
}


def ordered(names: Iterable[str]) -> tuple[str, ...]:
    """Names of conditions in the order of label vectors.

    Raises:
        ValueError: a name is unknown or repeated.
    """
    names = list(names)
    for name in names:
        if name not in CONDITIONS:
            raise checks.mismatch("conditions", f"be names out of {', '.join(CONDITIONS)}", name)
    if len(set(names)) < len(names):
        raise checks.mismatch("conditions", "name each condition once", names)
    return tuple(name for name in CONDITIONS if name in names)


def value_of(words: Sequence[str]) -> ConditionValue:
    """The value of a condition from words; no words, or "any", mean that it is not set."""
    return None if list(words) in ([], [ANY]) else tuple(dict.fromkeys(words))


def label_size(config: "Config") -> int:
    """Length L of the config's label vectors."""
    return len(config.pitches) + sum(CONDITIONS[name].width for name in config.conditions)


def places(config: "Config") -> dict[str, slice]:
    """The parts of a label vector that hold the pitch and each condition."""
    found, start = {PITCH: slice(0, len(config.pitches))}, len(config.pitches)
    for name in config.conditions:
        found[name] = slice(start, start + CONDITIONS[name].width)
        start = found[name].stop
    return found


def label_vectors(
    config: "Config", pitches: Sequence[int] | np.ndarray, wanted: Mapping[str, ConditionValue]
) -> np.ndarray:
    """Label vectors of notes to generate.

    Args:
        config: has the model's pitches and conditions.
        pitches: [n] MIDI pitches.
        wanted: a value by name for each condition, or a collection of them; a condition that is left out, or None, is
            not set.

    Returns:
        float32 [n, L].

    Raises:
        ValueError: an unknown pitch, condition or value; the message lists the known ones.
    """
    vectors = np.zeros((len(pitches), label_size(config)), np.float32)
    vectors[:, : len(config.pitches)] = _one_hot(config.pitches, pitches)
    where = places(config)
    for name, value in check(config, wanted).items():
        vectors[:, where[name]] = CONDITIONS[name].vectors(np.array([value]))
    return vectors


def check(config: "Config", wanted: Mapping[str, ConditionValue]) -> dict[str, int]:
    """The codes of the conditions that are set.

    Raises:
        ValueError: an unknown condition or value; the message lists the known ones.
    """
    for name in wanted:
        if name not in config.conditions:
            known = f"it has {', '.join(config.conditions)}" if config.conditions else "it has none but the pitch"
            raise ValueError(f"{config.name} has no condition {str(name)[:40]!r}; {known}")
    return {name: CONDITIONS[name].read(value) for name, value in wanted.items() if value is not None}


def drop(
    config: "Config", vectors: np.ndarray, probability: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Leave out conditions at random, independently for each note and condition; never the pitch.

    Args:
        config: has the model's conditions.
        vectors: label vectors [n, L].
        probability: of leaving one out, 0..1.
        rng: source of randomness.

    Returns:
        The vectors with zeros where a condition was left out, and which were kept: bool [n, conditions].
    """
    kept = rng.random((len(vectors), len(config.conditions))) >= probability
    where = places(config)
    left = vectors.copy()
    for column, name in enumerate(config.conditions):
        left[:, where[name]] *= kept[:, column, None]
    return left, kept


@dataclass(frozen=True)
class JointCounts:
    """How often each combination of pitch and conditions occurs in a dataset.

    A row has a pitch, a code for each condition (see `Condition`), and a count.

    Raises:
        ValueError: a condition or a row breaks a rule.
    """

    pitches: tuple[int, ...]
    conditions: tuple[str, ...]
    rows: tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        if not self.rows:
            raise ValueError("label_counts has no rows; it needs one per combination of labels")
        for row in self.rows:
            self._check(row)

    def _check(self, row: tuple[int, ...]) -> None:
        columns = self.columns
        if len(row) != len(columns) + 1 or not all(type(number) is int for number in row):
            raise _bad_row(row, columns)
        if row[0] not in self.pitches:
            raise ValueError(f"label_counts has the pitch {row[0]}, which no note of meta.json has")
        for name, code in zip(self.conditions, row[1:-1], strict=True):
            checks.in_range(f"{name} in label_counts", code, 0, CONDITIONS[name].codes - 1)
        checks.in_range("the count of a row in label_counts", row[-1], 1)

    @property
    def columns(self) -> list[str]:
        """The names of a row's values before the count."""
        return [PITCH, *self.conditions]

    @classmethod
    def of(cls, config: "Config", labels: Iterable[Labels]) -> "JointCounts":
        """Count the notes of a dataset.

        Raises:
            ValueError: there are none, or one has a pitch that is not in the config.
        """
        conditions = config.conditions
        counts = Counter((one.pitch, *(CONDITIONS[name].code(one) for name in conditions)) for one in labels)
        return cls(config.pitches, conditions, tuple((*key, count) for key, count in sorted(counts.items())))

    @classmethod
    def from_json(cls, entry: Any, pitches: tuple[int, ...], conditions: tuple[str, ...]) -> "JointCounts":
        """Read the entry "label_counts" of experiment.json.

        Raises:
            ValueError: it is damaged, or its columns are not pitch and these conditions.
        """
        if not isinstance(entry, dict) or not isinstance(entry.get("rows"), list):
            raise ValueError("label_counts must be an object with columns and rows")
        columns = [PITCH, *conditions]
        if entry.get("columns") != columns:
            raise checks.mismatch("the columns of label_counts", f"be {columns}", entry.get("columns"))
        if wrong := [row for row in entry["rows"] if not isinstance(row, list)]:
            raise _bad_row(wrong[0], columns)
        return cls(pitches, conditions, tuple(map(tuple, entry["rows"])))

    def to_json(self) -> dict[str, Any]:
        """The entry "label_counts" for experiment.json."""
        return {"columns": self.columns, "rows": [list(row) for row in self.rows]}

    def draw(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Random label vectors of `count` notes, combinations as frequent as in the dataset: float32 [count, L]."""
        frequencies = np.array([row[-1] for row in self.rows], np.float64)
        return self._rows[rng.choice(len(self.rows), count, p=frequencies / frequencies.sum())]

    def vectors(self, labels: Sequence[Labels]) -> np.ndarray:
        """Label vectors of given notes: float32 [n, L].

        Raises:
            ValueError: a note has a pitch that is not among these.
        """
        codes = [(one.pitch, *(CONDITIONS[name].code(one) for name in self.conditions)) for one in labels]
        return self._vectors(np.array(codes, np.int64).reshape(len(codes), -1))

    @cached_property
    def _rows(self) -> np.ndarray:
        return self._vectors(np.array(self.rows, np.int64)[:, :-1])

    def _vectors(self, codes: np.ndarray) -> np.ndarray:
        parts = [_one_hot(self.pitches, codes[:, 0])]
        parts += [CONDITIONS[name].vectors(codes[:, column]) for column, name in enumerate(self.conditions, 1)]
        return np.concatenate(parts, axis=1)


def _bad_row(row: Any, columns: Sequence[str]) -> ValueError:
    return checks.mismatch("a row of label_counts", f"be [{', '.join(columns)}, count] in whole numbers", row)


def _one_hot(known: Sequence[int], pitches: Sequence[int] | np.ndarray) -> np.ndarray:
    """Pitches [n] -> float32 [n, known pitches]."""
    found = np.equal.outer(np.asarray(pitches, np.int64), np.asarray(known))
    if len(missing := np.flatnonzero(~found.any(axis=1))):
        raise ValueError(f"there is no label for pitch {pitches[missing[0]]}")
    return found.astype(np.float32)
