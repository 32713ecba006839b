"""An independent judge of families: a support vector machine that has heard real notes only.

It judges notes by their portraits (see feature_vector.py). On FluidR3 it did better than trees and than a
linear model on instruments that it had not heard.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

FOLDS = 4
# What a sound-font dataset appends to an instrument for a velocity: the same instrument all the same.
_VELOCITY = re.compile(r"-v\d+$")
# A note that cannot be heard at all is of no family.
NONE = ""


def train(portraits: np.ndarray, families: Sequence[str]) -> Any:
    """An ear for families: predict(portraits [n, levels]) -> names [n].

    Raises:
        ModuleNotFoundError: scikit-learn is not installed.
        ValueError: there are fewer than two families.
    """
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    if len(set(families)) < 2:
        raise ValueError(f"there is nothing to tell apart: all notes are {', '.join(set(families))}")
    return make_pipeline(StandardScaler(), SVC(C=10.0, class_weight="balanced")).fit(portraits, families)


def held_out(portraits: np.ndarray, families: Sequence[str], groups: Sequence[Any]) -> np.ndarray | None:
    """What is heard in each note by an ear that has heard no note of its group: names [n].

    None where the groups are too few to leave some out and still have two families.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    known, heard = np.array(families), np.full(len(families), NONE, dtype=object)
    folds = min(FOLDS, len(set(groups)), int(np.unique(known, return_counts=True)[1].max()))
    if folds < 2:
        return None
    split = StratifiedGroupKFold(folds, shuffle=True, random_state=0).split(portraits, known, groups)
    for others, own in split:
        if len(set(known[others])) < 2:
            return None
        heard[own] = train(portraits[others], known[others]).predict(portraits[own])
    return heard


def same_instrument(name: str) -> str:
    """An instrument's name without the velocity."""
    return _VELOCITY.sub("", name)


def neighbourhood(pitch: int) -> int:
    """Which three neighbouring pitches a pitch is one of; they often come from one recording."""
    return pitch // 3


@dataclass(frozen=True, eq=False)
class Confusion:
    """How often each family was asked for (row) and heard (column): counts [families, families].

    `asked` counts the notes per row, those included in which nothing was heard.
    """

    families: tuple[str, ...]
    counts: np.ndarray
    asked: np.ndarray

    @classmethod
    def of(cls, asked: Sequence[str], heard: Sequence[str]) -> "Confusion":
        """Count pairs of names."""
        families = tuple(sorted({*asked, *heard} - {NONE}))
        one, other = np.array(asked, dtype=object), np.array(heard, dtype=object)
        counts = np.array([[int(np.sum((one == row) & (other == column))) for column in families] for row in families])
        return cls(families, counts, np.array([int(np.sum(one == row)) for row in families]))

    @property
    def accuracy(self) -> float:
        """Share of the notes in which the asked family is heard."""
        return float(np.trace(self.counts) / self.asked.sum())

    @property
    def chance(self) -> float:
        """The accuracy of the same answers dealt out at random."""
        return float(self.asked @ self.counts.sum(axis=0) / self.asked.sum() ** 2)

    def recall(self, family: str) -> float | None:
        """Share of the notes asked to be of a family in which it is heard."""
        place = self.families.index(family)
        return _share(self.counts[place, place], self.asked[place])

    def precision(self, family: str) -> float | None:
        """Share of the notes in which a family is heard that were asked to be of it."""
        place = self.families.index(family)
        return _share(self.counts[place, place], self.counts[:, place].sum())


def _share(part: int, whole: int) -> float | None:
    return float(part / whole) if whole else None
