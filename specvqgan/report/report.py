"""Measure a foley model on the held-out clips of a dataset, and draw a sheet of what it makes."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from core.progress import Progress, ignore
from specvqgan.codebook.model import Codebook
from specvqgan.dataset.folder import ClipFormat, ClipSet
from specvqgan.mel.inverse import griffin_lim
from specvqgan.mel.spectrogram import spectrogram
from specvqgan.report import measures
from specvqgan.transformer.model import Transformer
from specvqgan.vocoder.model import Vocoder
from specvqgan.vocoder.refined import RefinedVocoder

# Clips whose sounds are computed too, and spectrograms from which families are learned.
_HEARD, _LEARNED = 12, 600
# What a spectrogram's range of 1 is, in decibels.
RANGE_DB = 100.0


@dataclass(frozen=True)
class Figures:
    """Figures on held-out clips.

    Attributes:
        clips: how many.
        chance: of the most frequent class.
        real_class: share of real sounds whose class the judge tells; it has learned from real ones, and their codes.
        round_trip_class: the same of what the codebook leaves of them.
        made_class: the same of what is made from the frames alone.
        real_onsets: mean correlation of onsets with the pictures' pulses, of real sounds.
        made_onsets: of what is made.
        shuffled_onsets: of what is made, with the pictures of other clips.
        real_light: rank correlation of the pictures' light and the sounds' brightness, of real sounds.
        made_light: of what is made.
        round_trip_db: mean absolute difference of what the codebook leaves, in decibels.
        silence_db: the same if nothing were left.
        vocoder_db: of the sound that the vocoder makes of real spectrograms.
        refined_db: of the vocoder's sound, refined by a search for phases.
        griffin_lim_db: of the sound that such a search makes alone (Griffin-Lim).
        times_real_time: how much faster than it sounds a clip is made and refined, features not counted.
    """

    clips: int
    chance: float
    real_class: float
    round_trip_class: float
    made_class: float
    real_onsets: float
    made_onsets: float
    shuffled_onsets: float
    real_light: float
    made_light: float
    round_trip_db: float
    silence_db: float
    vocoder_db: float
    refined_db: float
    griffin_lim_db: float
    times_real_time: float


@dataclass(frozen=True)
class Made:
    """Spectrograms [n, mels, frames]: real ones, what a codebook leaves of them, and what is made from frames."""

    real: np.ndarray
    round_trip: np.ndarray
    made: np.ndarray


@dataclass(frozen=True)
class Parts:
    """The networks of a foley model, and how its codes are drawn."""

    codebook: Codebook
    transformer: Transformer
    vocoder: Vocoder
    temperature: float = 1.0
    top_k: int | None = None
    seed: int = 0

    def codes(self, clips: ClipSet, rows: np.ndarray) -> np.ndarray:
        """Codes for the frames of clips; where the network has classes, none is asked for if that is one of them."""
        config = self.transformer.config
        features = np.asarray(clips.features[rows], np.float32) if config.frames else None
        unasked = config.classes - 1 > max(np.asarray(clips.labels))
        labels = np.full(len(rows), config.classes - 1) if unasked else clips.labels[rows]
        classes = labels if config.classes else None
        return self.transformer.sample(
            features, classes, temperature=self.temperature, top_k=self.top_k, seed=self.seed, count=len(rows)
        )


def make(parts: Parts, clips: ClipSet, progress: Progress = ignore) -> tuple[Made, float]:
    """Spectrograms of all clips; and the seconds that codes and spectrograms of one take."""
    real = np.asarray(clips.mels, np.float32)
    trips, made, spent = [], [], 0.0
    for row in range(len(clips)):
        progress(row, len(clips))
        trips.append(parts.codebook.decode(parts.codebook.encode(real[row : row + 1]))[0])
        started = time.perf_counter()
        made.append(parts.codebook.decode(parts.codes(clips, np.array([row])))[0])
        # The first one compiles.
        spent += time.perf_counter() - started if row else 0.0
    progress(len(clips), len(clips))
    width = min(len(trips[0][0]), len(made[0][0]))
    return Made(real[:, :, :width], np.stack(trips), np.stack(made)), spent / max(1, len(clips) - 1)


def figures(parts: Parts, form: ClipFormat, learned: ClipSet, clips: ClipSet, found: Made, clip_s: float) -> Figures:
    """Measure what was made of clips; `learned`: the clips to learn from, by which classes are told."""
    judge = measures.FamilyJudge.learn(*lessons(parts.codebook, learned))
    labels, features = np.asarray(clips.labels), np.asarray(clips.features, np.float32)
    moments, wanted = features.shape[1], measures.pulses(features)
    rises = {name: measures.onsets(mels, moments) for name, mels in asdict(found).items()}
    agreements = {name: np.nanmean(measures.agreement(rise, wanted)) for name, rise in rises.items()}
    right = {name: float((judge(mels) == labels).mean()) for name, mels in asdict(found).items()}
    heard = found.real[:_HEARD]
    fine = RefinedVocoder(parts.vocoder)
    vocoded = _again(lambda mel: parts.vocoder.generate(mel[None])[0], heard)
    started = time.perf_counter()
    refined = _again(lambda mel: fine.generate(mel[None])[0], heard)
    clip_s += (time.perf_counter() - started) / len(heard)
    return Figures(
        clips=len(clips),
        chance=float(np.bincount(labels).max() / len(labels)),
        real_class=right["real"],
        round_trip_class=right["round_trip"],
        made_class=right["made"],
        real_onsets=float(agreements["real"]),
        made_onsets=float(agreements["made"]),
        shuffled_onsets=float(np.nanmean(measures.shuffled_agreement(rises["made"], wanted))),
        real_light=measures.rank_correlation(measures.light(features), measures.brightness(found.real)),
        made_light=measures.rank_correlation(measures.light(features), measures.brightness(found.made)),
        round_trip_db=_decibels(found.round_trip, found.real),
        silence_db=_decibels(0 * found.real, found.real),
        vocoder_db=_decibels(vocoded, heard),
        refined_db=_decibels(refined, heard),
        griffin_lim_db=_decibels(_again(_searched, heard), heard),
        times_real_time=form.seconds / max(clip_s, 1e-9),
    )


def lessons(codebook: Codebook, clips: ClipSet) -> tuple[np.ndarray, np.ndarray]:
    """What a judge learns from: vectors and classes of real spectrograms, and of what a codebook leaves of them.

    Without the latter it would mistake what every sound from codes has in common for a class.
    """
    mels = np.asarray(clips.mels[:_LEARNED], np.float32)
    left = np.concatenate([codebook.decode(codebook.encode(mel[None])) for mel in mels])
    labels = np.asarray(clips.labels[:_LEARNED])
    both = [measures.family_vectors(each) for each in (mels[:, :, : left.shape[2]], left)]
    return np.concatenate(both), np.concatenate([labels, labels])


def _searched(mel: np.ndarray) -> np.ndarray:
    """The sound of a spectrogram by Griffin-Lim."""
    return griffin_lim(mel, np.random.default_rng(0))


def _again(sound: Callable[[np.ndarray], Any], mels: np.ndarray) -> np.ndarray:
    """The spectrograms of the sounds that are made of spectrograms."""
    return np.stack([spectrogram(np.asarray(sound(mel)))[:, : mels.shape[2]] for mel in mels])


def _decibels(one: np.ndarray, two: np.ndarray) -> float:
    return float(RANGE_DB * np.abs(one - two).mean())
