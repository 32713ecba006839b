"""Evaluate a sound model: measure notes that it generates and the real notes of a dataset in the same way.

Each figure of the model stands beside that of the data, which is the best that can be expected.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from core.audio.music_tagger import MusicTagger
from gansynth.report import family_classifier, faults, feature_vector, likeness, octave_levels, pitch_classifier, tuning
from gansynth.report.family_classifier import UNKNOWN, Confusion

# A note with one of these faults has no features.
_INAUDIBLE = {"not finite", "silent"}


@dataclass(frozen=True, eq=False)
class NoteMeasurement:
    """Measurements of one note; `features` and `vector` are None for a note that is inaudible.

    `family` and `instrument` are those of a real note, or `family` the one requested of a model; "" if unknown.
    `octaves` is the power in octave bands, `spectrum` what the classifier of pitches sees (None if inaudible), and
    `music_features` and `music_tags` are what a music tagger makes of the note, where there is one.
    """

    pitch: int
    family: str
    instrument: str
    cents: float
    clarity_db: float
    faults: frozenset[str]
    features: np.ndarray | None
    vector: np.ndarray | None
    octaves: np.ndarray = field(default_factory=lambda: np.zeros(len(octave_levels.NAMES)))
    spectrum: np.ndarray | None = None
    music_features: np.ndarray | None = None
    music_tags: np.ndarray | None = None


def measure_note(
    wave: np.ndarray,
    sample_rate: int,
    pitch: int,
    family: str = UNKNOWN,
    instrument: str = "",
    tagger: MusicTagger | None = None,
) -> NoteMeasurement:
    """Measure a note.

    Args:
        wave: float [samples].
        sample_rate: Hz.
        pitch: the requested MIDI pitch.
        family: the requested family's name.
        instrument: of a real note.
        tagger: judges the note too.
    """
    found = faults.find(wave, sample_rate)
    cents, clarity = (measure(wave, pitch, sample_rate) for measure in (tuning.cents_off, tuning.clarity_db))
    if found & _INAUDIBLE:
        return NoteMeasurement(pitch, family, instrument, cents, clarity, found, None, None)
    return NoteMeasurement(
        pitch,
        family,
        instrument,
        cents,
        clarity,
        found,
        feature_vector.features(wave, sample_rate),
        feature_vector.feature_vector(wave, pitch, sample_rate),
        octave_levels.octave_power(wave, sample_rate),
        pitch_classifier.pitch_spectrum(wave, sample_rate),
        *(tagger.judge(wave, sample_rate) if tagger else (None, None)),
    )


def evaluate(
    real: Sequence[NoteMeasurement], generated: Sequence[NoteMeasurement]
) -> tuple[dict[str, Any], Confusion | None]:
    """All figures, as in report.json, and the confusion of families, if the model was asked for families.

    Raises:
        ValueError: there are no notes, or scikit-learn is not installed.
    """
    if not real or not generated:
        raise ValueError(f"there must be at least 1 real and 1 generated note, not {len(real)} and {len(generated)}")
    both = {"real": real, "generated": generated}
    families, confusion = _families(real, generated)
    return {
        "tuning": {side: _tuning(notes) for side, notes in both.items()},
        "clarity_db": {side: _clarity(notes) for side, notes in both.items()},
        "spread": _spread(real, generated),
        "faults": {side: _faults(notes) for side, notes in both.items()},
        "families": families,
        "likeness": likeness.figures(real, generated),
    }, confusion


def _tuning(notes: Sequence[NoteMeasurement]) -> dict[str, Any]:
    return {
        "all": _tuning_of(notes),
        "by_pitch": {str(key): _tuning_of(group) for key, group in _grouped(notes, "pitch").items()},
        "by_family": {key: _tuning_of(group) for key, group in _grouped(notes, "family").items() if key != UNKNOWN},
    }


def _tuning_of(notes: Iterable[NoteMeasurement]) -> dict[str, Any]:
    return asdict(tuning.Tuning.of(np.array([note.cents for note in notes])))


def _grouped(notes: Sequence[NoteMeasurement], field: str) -> dict[Any, list[NoteMeasurement]]:
    keys = sorted({getattr(note, field) for note in notes})
    return {key: [note for note in notes if getattr(note, field) == key] for key in keys}


def _clarity(notes: Sequence[NoteMeasurement]) -> dict[str, float | None]:
    known = np.array([note.clarity_db for note in notes if np.isfinite(note.clarity_db)])
    if not len(known):
        return {"median": None, "lowest_tenth": None}
    return {"median": float(np.median(known)), "lowest_tenth": float(np.percentile(known, 10))}


def _spread(real: Sequence[NoteMeasurement], generated: Sequence[NoteMeasurement]) -> dict[str, Any]:
    """How much notes of one pitch differ, and the geometric mean of the ratios; empty where no pitch has two notes."""
    try:
        of_real, of_generated = (_spread_of(notes) for notes in (real, generated))
    except ValueError:
        return {"features": {}, "ratio": None}
    ratios = of_generated / np.maximum(of_real, 1e-9)
    rows = zip(feature_vector.FEATURES, of_real.tolist(), of_generated.tolist(), ratios.tolist(), strict=True)
    features = {name: {"real": one, "generated": other, "ratio": ratio} for name, one, other, ratio in rows}
    return {"features": features, "ratio": float(np.exp(np.mean(np.log(np.maximum(ratios, 1e-9)))))}


def _spread_of(notes: Sequence[NoteMeasurement]) -> np.ndarray:
    rows = [(note.pitch, note.features) for note in notes if note.features is not None]
    if not rows:
        raise ValueError("all notes are inaudible")
    return feature_vector.spread(np.stack([features for _, features in rows]), np.array([pitch for pitch, _ in rows]))


def _faults(notes: Sequence[NoteMeasurement]) -> dict[str, float]:
    return {name: float(np.mean([name in note.faults for note in notes])) for name in faults.FAULTS}


def _families(
    real: Sequence[NoteMeasurement], generated: Sequence[NoteMeasurement]
) -> tuple[dict[str, Any], Confusion | None]:
    """The families that a classifier, trained on the real notes, recognises in both."""
    known = [note for note in real if note.vector is not None]
    families = [note.family for note in known]
    if len(set(families)) < 2:
        return {"families": sorted(set(families))}, None
    vectors = np.stack([note.vector for note in known if note.vector is not None])
    predicted = _predict(family_classifier.train(vectors, families), generated)
    found: dict[str, Any] = {
        "families": sorted(set(families)),
        "real_held_out_by": _held_out(known, vectors, families),
        "heard_as": {name: predicted.count(name) / len(predicted) for name in sorted(set(predicted) - {UNKNOWN})},
    }
    if not all(note.family for note in generated):
        return found, None
    confusion = Confusion.of([note.family for note in generated], predicted)
    return found | {"generated": _scores(confusion)}, confusion


def _held_out(notes: Sequence[NoteMeasurement], vectors: np.ndarray, families: Sequence[str]) -> dict[str, Any]:
    """How well the classifier recognises real notes of instruments, and of pitches, that it was not trained on."""
    groups: dict[str, list[Any]] = {
        "instrument": [family_classifier.instrument_group(note.instrument) for note in notes],
        "pitch": [family_classifier.pitch_group(note.pitch) for note in notes],
    }
    predicted = {part: family_classifier.predict_held_out(vectors, families, keys) for part, keys in groups.items()}
    return {
        part: _scores(Confusion.of(families, names.tolist())) for part, names in predicted.items() if names is not None
    }


def _predict(classifier: Any, notes: Sequence[NoteMeasurement]) -> list[str]:
    """The family recognised in each note; UNKNOWN for an inaudible one."""
    return [UNKNOWN if note.vector is None else str(classifier.predict(note.vector[None])[0]) for note in notes]


def _scores(confusion: Confusion) -> dict[str, Any]:
    table = {
        family: {"notes": int(count), "recall": confusion.recall(family), "precision": confusion.precision(family)}
        for family, count in zip(confusion.families, confusion.requested, strict=True)
    }
    return {"accuracy": confusion.accuracy, "chance": confusion.chance, "by_family": table}
