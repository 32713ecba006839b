"""What can be measured of sounds for pictures, on spectrograms [n, mels, frames] in 0..1 and features of the frames."""

from dataclasses import dataclass

import numpy as np

from core.scikit_learn import scikit_learn
from specvqgan.features import frame_features

# Neighbours over which onsets and pulses are smeared, so that a moment sooner or later counts.
_SMEAR = np.array((0.5, 1.0, 0.5))
_BANDS, _PARTS = 16, 6


def family_vectors(mels: np.ndarray) -> np.ndarray:
    """What tells families of instruments apart: [n, values].

    Level of sixteen bands, on average, at its highest and how much it changes; how level and brightness go on after
    the loudest moment.
    """
    n, height, width = mels.shape
    bands = mels[:, : height // _BANDS * _BANDS].reshape(n, _BANDS, -1, width).mean(2)
    level = mels.mean(1)
    fall = np.stack([np.quantile(level, share, axis=1) for share in (0.05, 0.25, 0.5, 0.75, 0.95)], axis=1)
    change = np.abs(np.diff(bands, axis=2)).mean(2)
    rough = np.abs(np.diff(mels, axis=1)).mean(2)[:, :: height // _BANDS]
    parts = [level[:, place::_PARTS].mean(1) for place in range(_PARTS)]
    return np.concatenate(
        [bands.mean(2), bands.max(2), bands.std(2), change, rough, fall, np.stack(parts, 1)], axis=1
    ).astype(np.float32)


@dataclass(frozen=True)
class FamilyJudge:
    """Tells the class of a sound from its spectrogram; it has learned from real sounds."""

    model: object

    @classmethod
    def learn(cls, vectors: np.ndarray, labels: np.ndarray) -> "FamilyJudge":
        """Learn from `family_vectors` of spectrograms, and their classes."""
        judge = scikit_learn("linear_model").LogisticRegression(max_iter=3000, C=0.3)
        model = scikit_learn("pipeline").make_pipeline(scikit_learn("preprocessing").StandardScaler(), judge)
        model.fit(vectors, labels)
        return cls(model)

    def __call__(self, mels: np.ndarray) -> np.ndarray:
        """The classes of spectrograms, int [n]."""
        return np.asarray(self.model.predict(family_vectors(mels)))  # type: ignore[attr-defined]


def onsets(mels: np.ndarray, moments: int) -> np.ndarray:
    """How much the level rises at each of so many moments: [n, moments], at most 1."""
    rises = np.maximum(np.diff(mels, axis=2, prepend=mels[:, :, :1] * 0), 0).mean(1)
    edges = np.linspace(0, mels.shape[2], moments + 1).round().astype(int)
    found = np.add.reduceat(rises, edges[:-1], axis=1)
    return np.asarray(found / np.maximum(found.max(1, keepdims=True), 1e-6))


def pulses(features: np.ndarray) -> np.ndarray:
    """When pictures ask for a note, and how strongly: [n, moments]."""
    return np.asarray(features[:, :, frame_features.column("motion")][..., -1], np.float64)


def agreement(rises: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The correlation of onsets with pulses over time, both [n, moments], of each clip: [n].

    The first moment is left out: every clip begins. A clip without any pulse after it does not count: not a number.
    """
    found = []
    for rise, pulse in zip(rises, wanted, strict=True):
        one, two = (np.convolve(each, _SMEAR, "same")[2:] for each in (rise, pulse))
        steady = one.std() < 1e-9 or two.std() < 1e-9
        found.append(np.nan if steady else float(np.corrcoef(one, two)[0, 1]))
    return np.asarray(found)


def shuffled_agreement(rises: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """`agreement` of sounds with the pictures of other clips."""
    return np.concatenate([agreement(rises, np.roll(wanted, step, axis=0)) for step in range(1, min(6, len(wanted)))])


def brightness(mels: np.ndarray) -> np.ndarray:
    """The centre of each spectrogram, 0..1 of its bands, [n]; louder moments count more."""
    power = 10 ** (mels * 4)
    places = np.linspace(0, 1, mels.shape[1])
    return np.asarray((power * places[None, :, None]).sum((1, 2)) / power.sum((1, 2)))


def light(features: np.ndarray) -> np.ndarray:
    """Mean brightness of the frames of each clip, 0..1, [n]."""
    return np.asarray((features[:, :, frame_features.column("light")][..., 0].mean(1) + 1) / 2)


def rank_correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Spearman's."""
    from scipy.stats import spearmanr

    return float(spearmanr(x, y).statistic)
