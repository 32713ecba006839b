"""How like real notes generated ones are as a whole: the kinds of figures of the GANSynth paper, octave bands, FAD.

Each distance from the model to the data stands beside that of one half of the data to the other half.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from core import distances
from core.audio import music_tagger
from gansynth.report import bins, octave_levels
from gansynth.report.pitch_classifier import PitchClassifier

if TYPE_CHECKING:
    from gansynth.report.evaluation import NoteMeasurement

# Of real notes this share tests the classifier, which is trained on the others.
_HELD_OUT = 0.2
BINS = 50
_LEAST_PROBABILITY = 1e-12
# Fewer notes say nothing.
LEAST = 20
_SEED = 0


def figures(real: "Sequence[NoteMeasurement]", generated: "Sequence[NoteMeasurement]") -> dict[str, Any]:
    """All of these figures, as in report.json; None where there are fewer than LEAST audible notes on a side."""
    sides = [[note for note in side if note.spectrum is not None] for side in (real, generated)]
    found: dict[str, Any] = {"octaves_db": octave_levels.differences_db(*([*map(_octaves, side)] for side in sides))}
    enough = min(map(len, sides)) >= LEAST
    found["pitch_classifier"] = _classified(*sides) if enough else None
    judged = [np.array([note.music_features for note in side if note.music_features is not None]) for side in sides]
    if min(map(len, judged)) >= LEAST:
        found["musicnn"] = _judged(*judged) | {"tags": _tags(*sides)}
    return found


def _octaves(note: "NoteMeasurement") -> tuple[str, np.ndarray]:
    return note.family, note.octaves


def _classified(real: "Sequence[NoteMeasurement]", generated: "Sequence[NoteMeasurement]") -> dict[str, Any]:
    """Pitch accuracy, FID, inception score and NDB/k, by a classifier of pitches."""
    rng = np.random.default_rng(_SEED)
    spectra, made = (
        np.stack([note.spectrum for note in side if note.spectrum is not None]) for side in (real, generated)
    )
    pitches, asked = (np.array([note.pitch for note in side]) for side in (real, generated))
    order = rng.permutation(len(real))
    held_out, others = np.split(order, [max(2, round(_HELD_OUT * len(real)))])
    if len(set(pitches[others])) < 2:
        return {}
    classifier = PitchClassifier.train(spectra[others], pitches[others])
    features, own = classifier.features(spectra), classifier.features(made)
    half = len(order) // 2
    halves = features[order[:half]], features[order[half:]]
    count = min(BINS, max(2, half // 5))
    return {
        "accuracy": {
            "real": classifier.accuracy(spectra[held_out], pitches[held_out]),
            "generated": classifier.accuracy(made, asked),
        },
        "frechet_distance": {
            "real": distances.frechet(*halves),
            "generated": distances.frechet(features, own),
        },
        "inception_score": {
            "real": _inception_score(classifier.probabilities(spectra[held_out])),
            "generated": _inception_score(classifier.probabilities(made)),
        },
        "different_bins": {
            "bins": count,
            "real": bins.different_bins(spectra[order[:half]], spectra[order[half:]], count, rng),
            "generated": bins.different_bins(spectra, made, count, rng),
        },
    }


def _inception_score(probabilities: np.ndarray) -> float:
    return distances.inception_score(np.log(np.maximum(probabilities, _LEAST_PROBABILITY)))


def _judged(real: np.ndarray, generated: np.ndarray) -> dict[str, Any]:
    order = np.random.default_rng(_SEED).permutation(len(real))
    halves = real[order[: len(real) // 2]], real[order[len(real) // 2 :]]
    return {
        "frechet_audio_distance": {
            "real": distances.frechet(*halves),
            "generated": distances.frechet(real, generated),
        }
    }


def _tags(real: "Sequence[NoteMeasurement]", generated: "Sequence[NoteMeasurement]") -> dict[str, Any]:
    return {
        name: music_tagger.top_tags(np.stack([note.music_tags for note in side if note.music_tags is not None]))
        for name, side in (("real", real), ("generated", generated))
    }
