"""A classifier of instrument families that does not depend on the model: a support vector machine on real notes.

It classifies notes by their feature vectors (see feature_vector.py). On FluidR3 it did better than trees and than a
linear model on instruments that it was not trained on.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.scikit_learn import scikit_learn

FOLDS = 4
# The velocity that a sound-font dataset appends to an instrument's name.
_VELOCITY = re.compile(r"-v\d+$")
# The family of a note that is inaudible, or for which none was requested.
UNKNOWN = ""


def train(vectors: np.ndarray, families: Sequence[str]) -> Any:
    """Train a classifier on feature vectors [n, levels]; it has predict(vectors [m, levels]) -> names [m].

    Raises:
        ValueError: there are fewer than two families, or scikit-learn is not installed.
    """
    if len(set(families)) < 2:
        raise ValueError(f"a classifier needs at least two families; all notes are {', '.join(set(families))}")
    steps = scikit_learn("preprocessing").StandardScaler(), scikit_learn("svm").SVC(C=10.0, class_weight="balanced")
    return scikit_learn("pipeline").make_pipeline(*steps).fit(vectors, families)


def predict_held_out(vectors: np.ndarray, families: Sequence[str], groups: Sequence[Any]) -> np.ndarray | None:
    """The family predicted for each note by a classifier trained without the notes of its group: names [n].

    None where there are too few groups to hold some out and still have two families.
    """
    known, predicted = np.array(families), np.full(len(families), UNKNOWN, dtype=object)
    folds = min(FOLDS, len(set(groups)), int(np.unique(known, return_counts=True)[1].max()))
    if folds < 2:
        return None
    split = scikit_learn("model_selection").StratifiedGroupKFold(folds, shuffle=True, random_state=0)
    for others, held_out in split.split(vectors, known, groups):
        if len(set(known[others])) < 2:
            return None
        predicted[held_out] = train(vectors[others], known[others]).predict(vectors[held_out])
    return predicted


def instrument_group(name: str) -> str:
    """An instrument's name without the velocity."""
    return _VELOCITY.sub("", name)


def pitch_group(pitch: int) -> int:
    """The number of the group of three neighbouring pitches, which often come from one recording."""
    return pitch // 3


@dataclass(frozen=True, eq=False)
class Confusion:
    """How often each family was requested (row) and predicted (column): counts [families, families].

    `requested` counts the notes of each row, including those for which nothing could be predicted.
    """

    families: tuple[str, ...]
    counts: np.ndarray
    requested: np.ndarray

    @classmethod
    def of(cls, requested: Sequence[str], predicted: Sequence[str]) -> "Confusion":
        """Count pairs of names."""
        families = tuple(sorted({*requested, *predicted} - {UNKNOWN}))
        one, other = np.array(requested, dtype=object), np.array(predicted, dtype=object)
        counts = np.array([[int(np.sum((one == row) & (other == column))) for column in families] for row in families])
        return cls(families, counts, np.array([int(np.sum(one == row)) for row in families]))

    @property
    def accuracy(self) -> float:
        """Share of the notes whose requested family is predicted."""
        return float(np.trace(self.counts) / self.requested.sum())

    @property
    def chance(self) -> float:
        """The accuracy that the same predictions would have in random order."""
        return float(self.requested @ self.counts.sum(axis=0) / self.requested.sum() ** 2)

    def recall(self, family: str) -> float | None:
        """Share of the notes requested of a family for which it is predicted."""
        place = self.families.index(family)
        return _share(self.counts[place, place], self.requested[place])

    def precision(self, family: str) -> float | None:
        """Share of the notes with a predicted family that were requested of it."""
        place = self.families.index(family)
        return _share(self.counts[place, place], self.counts[:, place].sum())


def _share(part: int, whole: int) -> float | None:
    return float(part / whole) if whole else None
