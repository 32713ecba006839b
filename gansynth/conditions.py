"""What a note shall be besides its pitch: instrument family, source, note qualities.

A model's label vector is the one-hot pitch, followed by the vectors of its conditions in the order of CONDITIONS. A
condition that is not set is all zeros; training leaves conditions out at random, so that zeros mean "any".

Labels to train on are drawn from the joint counts of the dataset, so that only combinations come up that occur in it.
(The SopiMlab attempt drew each class of a one-hot label as a coin of its own, so that a label had none or several.)
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from gansynth.dataset.records import FAMILIES, QUALITIES, SOURCES, Labels

if TYPE_CHECKING:
    from gansynth.config import Config

Value = str | Collection[str] | None
PITCH = "pitch"
# What a musician says for a condition that is not set.
ANY = "any"


@dataclass(frozen=True)
class Condition:
    """A kind of label and the names of its values: one of them for a note, or with `several` any number of them.

    A note's value is coded as a whole number: the position of its name, or with `several` a mask, bit i for value i.
    """

    name: str
    values: tuple[str, ...]
    several: bool = False

    @property
    def width(self) -> int:
        """Length of its part of a label vector."""
        return len(self.values)

    @property
    def codes(self) -> int:
        """How many codes there are, from 0."""
        return 1 << self.width if self.several else self.width

    def code(self, labels: Labels) -> int:
        """The code of what is known of a note."""
        known = getattr(labels, self.name)
        return sum(bit << place for place, bit in enumerate(known)) if self.several else known

    def read(self, value: str | Collection[str]) -> int:
        """The code of a value by name, or of several.

        Raises:
            ValueError: there is no such value, or there are too many or too few.
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
    """Names of conditions in the order in which they stand in a label vector.

    Raises:
        ValueError: one is unknown, or named twice.
    """
    names = list(names)
    for name in names:
        if name not in CONDITIONS:
            raise ValueError(f"conditions has {name!r}; it may have {', '.join(CONDITIONS)}")
    if len(set(names)) < len(names):
        raise ValueError(f"conditions is {', '.join(names)}; each may stand there once")
    return tuple(name for name in CONDITIONS if name in names)


def value_of(words: Sequence[str]) -> Value:
    """What words mean as the value of a condition: none, or "any", that it is not set."""
    return None if list(words) in ([], [ANY]) else tuple(dict.fromkeys(words))


def label_size(config: "Config") -> int:
    """Length L of the config's label vectors."""
    return len(config.pitches) + sum(CONDITIONS[name].width for name in config.conditions)


def places(config: "Config") -> dict[str, slice]:
    """Where pitch and each condition stand in a label vector."""
    found, start = {PITCH: slice(0, len(config.pitches))}, len(config.pitches)
    for name in config.conditions:
        found[name] = slice(start, start + CONDITIONS[name].width)
        start = found[name].stop
    return found


def label_vectors(config: "Config", pitches: Sequence[int] | np.ndarray, wanted: Mapping[str, Value]) -> np.ndarray:
    """Label vectors of notes that are to be made.

    Args:
        config: says which pitches and conditions there are.
        pitches: [n] MIDI pitches.
        wanted: a value by name for each condition, or a collection of them; a condition that is left out, or None, is
            not set.

    Returns:
        float32 [n, L].

    Raises:
        ValueError: there is no such pitch, condition or value; the message lists what there is.
    """
    vectors = np.zeros((len(pitches), label_size(config)), np.float32)
    vectors[:, : len(config.pitches)] = _one_hot(config.pitches, pitches)
    where = places(config)
    for name, value in check(config, wanted).items():
        vectors[:, where[name]] = CONDITIONS[name].vectors(np.array([value]))
    return vectors


def check(config: "Config", wanted: Mapping[str, Value]) -> dict[str, int]:
    """The codes of the conditions that are set.

    Raises:
        ValueError: the config has no such condition or value; the message lists what there is.
    """
    for name in wanted:
        if name not in config.conditions:
            there_are = f"it has {', '.join(config.conditions)}" if config.conditions else "it has none but the pitch"
            raise ValueError(f"{config.name} has no condition {str(name)[:40]!r}; {there_are}")
    return {name: CONDITIONS[name].read(value) for name, value in wanted.items() if value is not None}


def drop(
    config: "Config", vectors: np.ndarray, probability: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Leave conditions out at random, each of each note by itself, never the pitch.

    Args:
        config: says what the columns are.
        vectors: label vectors [n, L].
        probability: of leaving one out, 0 to 1.
        rng: what decides.

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

    Each row is a pitch, a code per condition (see `Condition`), and the count.

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
            raise ValueError(f"label_counts has the row {list(row)}; it must be {', '.join(columns)}, count")
        if row[0] not in self.pitches:
            raise ValueError(f"label_counts has the pitch {row[0]}, which no note of meta.json has")
        for name, code in zip(self.conditions, row[1:-1], strict=True):
            if not 0 <= code < CONDITIONS[name].codes:
                raise ValueError(f"label_counts has {name} {code}; it must be in 0..{CONDITIONS[name].codes - 1}")
        if row[-1] < 1:
            raise ValueError(f"label_counts has the row {list(row)}; its count must be at least 1")

    @property
    def columns(self) -> list[str]:
        """What stands in a row before the count."""
        return [PITCH, *self.conditions]

    @classmethod
    def of(cls, config: "Config", labels: Iterable[Labels]) -> "JointCounts":
        """Count the notes of a dataset.

        Raises:
            ValueError: there are none, or one has a pitch that the config has not.
        """
        conditions = config.conditions
        counts = Counter((one.pitch, *(CONDITIONS[name].code(one) for name in conditions)) for one in labels)
        return cls(config.pitches, conditions, tuple((*key, count) for key, count in sorted(counts.items())))

    @classmethod
    def from_json(cls, entry: Any, pitches: tuple[int, ...], conditions: tuple[str, ...]) -> "JointCounts":
        """What experiment.json has under "label_counts".

        Raises:
            ValueError: it is damaged, or its columns are not pitch and these conditions.
        """
        if not isinstance(entry, dict) or not isinstance(entry.get("rows"), list):
            raise ValueError("label_counts must be an object with columns and rows")
        columns = [PITCH, *conditions]
        if entry.get("columns") != columns:
            raise ValueError(f"label_counts has the columns {entry.get('columns')}; they must be {columns}")
        if wrong := [row for row in entry["rows"] if not isinstance(row, list)]:
            raise ValueError(f"label_counts has the row {wrong[0]!r}; it must be {', '.join(columns)}, count")
        return cls(pitches, conditions, tuple(map(tuple, entry["rows"])))

    def to_json(self) -> dict[str, Any]:
        """The same for experiment.json."""
        return {"columns": self.columns, "rows": [list(row) for row in self.rows]}

    def draw(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Label vectors of `count` notes, each combination as likely as it is frequent: float32 [count, L]."""
        frequencies = np.array([row[-1] for row in self.rows], np.float64)
        return self._rows[rng.choice(len(self.rows), count, p=frequencies / frequencies.sum())]

    def vectors(self, labels: Sequence[Labels]) -> np.ndarray:
        """Label vectors of given notes: float32 [n, L].

        Raises:
            ValueError: a note has another pitch.
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


def _one_hot(known: Sequence[int], pitches: Sequence[int] | np.ndarray) -> np.ndarray:
    """Pitches [n] -> float32 [n, known pitches]."""
    found = np.equal.outer(np.asarray(pitches, np.int64), np.asarray(known))
    if len(missing := np.flatnonzero(~found.any(axis=1))):
        raise ValueError(f"there is no label for pitch {pitches[missing[0]]}")
    return found.astype(np.float32)
