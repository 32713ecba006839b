"""How good a voice is, in figures: the notes that a model makes beside the real notes of a dataset.

The same is measured on both, so that each figure of the model stands beside what could be reached.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from gansynth.report import family_classifier, faults, feature_vector, tuning
from gansynth.report.family_classifier import NONE, Confusion

# Faults that leave nothing to describe.
_MUTE = {"not finite", "silent"}


@dataclass(frozen=True, eq=False)
class NoteMeasurement:
    """What is measured of one note; `features` and `portrait` are None for a note that cannot be heard.

    `family` and `instrument` are what it is, or what it was asked to be; "" where nothing was said.
    """

    pitch: int
    family: str
    instrument: str
    cents: float
    clarity_db: float
    faults: frozenset[str]
    features: np.ndarray | None
    portrait: np.ndarray | None


def measure_note(
    wave: np.ndarray, sample_rate: int, pitch: int, family: str = NONE, instrument: str = ""
) -> NoteMeasurement:
    """Measure a note.

    Args:
        wave: float [samples].
        sample_rate: hertz.
        pitch: the asked MIDI pitch.
        family: the asked family's name.
        instrument: of a real note.

    Raises:
        ModuleNotFoundError: librosa is not installed.
    """
    found = faults.find(wave, sample_rate)
    cents, clarity = (measure(wave, pitch, sample_rate) for measure in (tuning.cents_off, tuning.clarity_db))
    if found & _MUTE:
        return NoteMeasurement(pitch, family, instrument, cents, clarity, found, None, None)
    features, portrait = (
        feature_vector.features(wave, sample_rate),
        feature_vector.feature_vector(wave, pitch, sample_rate),
    )
    return NoteMeasurement(pitch, family, instrument, cents, clarity, found, features, portrait)


def figures(
    real: Sequence[NoteMeasurement], made: Sequence[NoteMeasurement]
) -> tuple[dict[str, Any], Confusion | None]:
    """All figures, as report.json has them; and the confusion of families, if the model was asked for families.

    Raises:
        ModuleNotFoundError: scikit-learn is not installed.
        ValueError: there are no notes.
    """
    if not real or not made:
        raise ValueError(f"there are {len(real)} real and {len(made)} generated notes; each must be at least 1")
    both = {"real": real, "generated": made}
    families, confusion = _families(real, made)
    return {
        "tuning": {side: _tuning(notes) for side, notes in both.items()},
        "clarity_db": {side: _clarity(notes) for side, notes in both.items()},
        "spread": _spread(real, made),
        "faults": {side: _faults(notes) for side, notes in both.items()},
        "families": families,
    }, confusion


def _tuning(notes: Sequence[NoteMeasurement]) -> dict[str, Any]:
    return {
        "all": _tuning_of(notes),
        "by_pitch": {str(key): _tuning_of(some) for key, some in _grouped(notes, "pitch").items()},
        "by_family": {key: _tuning_of(some) for key, some in _grouped(notes, "family").items() if key != NONE},
    }


def _tuning_of(notes: Iterable[NoteMeasurement]) -> dict[str, Any]:
    return asdict(tuning.Tuning.of(np.array([note.cents for note in notes])))


def _grouped(notes: Sequence[NoteMeasurement], what: str) -> dict[Any, list[NoteMeasurement]]:
    keys = sorted({getattr(note, what) for note in notes})
    return {key: [note for note in notes if getattr(note, what) == key] for key in keys}


def _clarity(notes: Sequence[NoteMeasurement]) -> dict[str, float | None]:
    heard = np.array([note.clarity_db for note in notes if np.isfinite(note.clarity_db)])
    if not len(heard):
        return {"median": None, "lowest_tenth": None}
    return {"median": float(np.median(heard)), "lowest_tenth": float(np.percentile(heard, 10))}


def _spread(real: Sequence[NoteMeasurement], made: Sequence[NoteMeasurement]) -> dict[str, Any]:
    """How much notes of one pitch differ, and the geometric mean of the ratios; empty where no pitch has two notes."""
    try:
        usual, own = (_spread_of(notes) for notes in (real, made))
    except ValueError:
        return {"features": {}, "ratio": None}
    ratios = own / np.maximum(usual, 1e-9)
    rows = zip(feature_vector.FEATURES, usual.tolist(), own.tolist(), ratios.tolist(), strict=True)
    features = {name: {"real": one, "generated": other, "ratio": ratio} for name, one, other, ratio in rows}
    return {"features": features, "ratio": float(np.exp(np.mean(np.log(np.maximum(ratios, 1e-9)))))}


def _spread_of(notes: Sequence[NoteMeasurement]) -> np.ndarray:
    rows = [(note.pitch, note.features) for note in notes if note.features is not None]
    if not rows:
        raise ValueError("no note can be heard")
    return feature_vector.spread(np.stack([features for _, features in rows]), np.array([pitch for pitch, _ in rows]))


def _faults(notes: Sequence[NoteMeasurement]) -> dict[str, float]:
    return {name: float(np.mean([name in note.faults for note in notes])) for name in faults.FAULTS}


def _families(
    real: Sequence[NoteMeasurement], made: Sequence[NoteMeasurement]
) -> tuple[dict[str, Any], Confusion | None]:
    """What an ear that was trained on the real notes hears in both."""
    known = [note for note in real if note.portrait is not None]
    portraits, families = _portraits(known), [note.family for note in known]
    if len(set(families)) < 2:
        return {"families": sorted(set(families))}, None
    parts: dict[str, list[Any]] = {
        "instrument": [family_classifier.same_instrument(note.instrument) for note in known],
        "pitch": [family_classifier.neighbourhood(note.pitch) for note in known],
    }
    tested = {part: family_classifier.held_out(portraits, families, groups) for part, groups in parts.items()}
    checks = {part: Confusion.of(families, heard.tolist()) for part, heard in tested.items() if heard is not None}
    said: dict[str, Any] = {"families": sorted(set(families))}
    said["real_held_out_by"] = {part: _judgement(check) for part, check in checks.items()}
    heard = _listen(family_classifier.train(portraits, families), made)
    said["heard_as"] = {name: heard.count(name) / len(heard) for name in sorted(set(heard) - {NONE})}
    if not all(note.family for note in made):
        return said, None
    confusion = Confusion.of([note.family for note in made], heard)
    said["generated"] = _judgement(confusion)
    return said, confusion


def _portraits(notes: Sequence[NoteMeasurement]) -> np.ndarray:
    return np.stack([note.portrait for note in notes if note.portrait is not None])


def _listen(ear: Any, notes: Sequence[NoteMeasurement]) -> list[str]:
    """The family heard in each note; NONE in one that cannot be heard."""
    return [NONE if note.portrait is None else str(ear.predict(note.portrait[None])[0]) for note in notes]


def _judgement(confusion: Confusion) -> dict[str, Any]:
    table = {
        family: {"notes": int(count), "recall": confusion.recall(family), "precision": confusion.precision(family)}
        for family, count in zip(confusion.families, confusion.asked, strict=True)
    }
    return {"accuracy": confusion.accuracy, "chance": confusion.chance, "by_family": table}
