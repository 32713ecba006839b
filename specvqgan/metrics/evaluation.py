"""Compare generated sounds with real ones: every figure that can be had with what is given, named by what it is."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from core import distances
from core.progress import Progress, ignore
from specvqgan.metrics import figures, matching, measuring
from specvqgan.metrics.clip_sounds import Vocode
from specvqgan.metrics.judges import Judges, Opinion, Opinions
from specvqgan.metrics.measuring import Call, Measure


@dataclass(frozen=True)
class Figure:
    """A figure.

    Attributes:
        name: what it is, and on what it was measured.
        value: the figure.
        deviation: of several measurements; None: there is one.
        of_real: the same of one half of the real sounds against the other, the least to expect; None: there is none.
        better: "lower" or "higher".
    """

    name: str
    value: float
    deviation: float | None = None
    of_real: float | None = None
    better: str = "lower"


@dataclass(frozen=True)
class Evaluation:
    """All figures, by a short name, and what they are of.

    Attributes:
        generated: how many sounds.
        real: how many sounds.
        pairs: how many generated sounds have their real one.
        figures: by a short name.
        missing: what was not measured, and what it needs.
        notes: what a reader of the figures must know.
    """

    generated: int
    real: int
    pairs: int
    figures: dict[str, Figure]
    missing: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def described(self) -> dict[str, Any]:
        """All of it as plain values for JSON."""
        return asdict(self)


def evaluate(
    generated: Sequence[Path],
    real: Sequence[Path],
    judges: Judges,
    *,
    classes: Sequence[str] = (),
    recognised: bool = False,
    vocode: Vocode | None = None,
    clip: bool = True,
    progress: Progress = ignore,
) -> Evaluation:
    """Compare generated sounds with real ones.

    Args:
        generated: paths of spectrograms or sounds.
        real: likewise.
        judges: the networks that are given.
        classes: all names of classes, for folders `cls_N`; none: those of the real sounds.
        recognised: folders `cls_N` are classes of Melception: also say how often it recognises them.
        vocode: makes sounds of spectrograms.
        clip: hold generated spectrograms in 0..1; the original does not.
        progress: counts sounds and pairs.

    Raises:
        FileNotFoundError, ValueError: a file cannot be read; the message names it.
    """
    measure = partial(measuring.in_turn, measuring.Measurer(judges, vocode, clip))
    given = Given(judges.weights is not None, judges.tagger is not None, clip, recognised)
    return compare(generated, real, measure, given, classes=classes, progress=progress)


@dataclass(frozen=True)
class Given:
    """What an evaluation has.

    Attributes:
        melception: there is this judge.
        tagger: there is this judge.
        clip: generated spectrograms are held in 0..1.
        recognised: folders `cls_N` are classes of Melception.
    """

    melception: bool = False
    tagger: bool = False
    clip: bool = True
    recognised: bool = False


def compare(
    generated: Sequence[Path],
    real: Sequence[Path],
    measure: Measure,
    given: Given,
    *,
    classes: Sequence[str] = (),
    progress: Progress = ignore,
) -> Evaluation:
    """Compare generated sounds with real ones; `measure` says how they are measured, see `evaluate`."""
    matches = matching.match([path.as_posix() for path in generated], [path.as_posix() for path in real], classes)
    sounds: list[Call] = [(path,) for path in (*generated, *real)] if given.melception or given.tagger else []
    pairs: list[Call] = [(generated[made], real[own]) for made, own in matches.pairs]
    measured = measure([*sounds, *pairs], progress)
    found, missing = _pair_figures([each["distances"] for each in measured[len(sounds) :]])
    if sounds:
        opinions = [Opinion(**each) for each in measured[: len(sounds)]]
        sides = Opinions.of(opinions[: len(generated)]), Opinions.of(opinions[len(generated) :])
    _add(found, missing, _classifier_figures(*sides, matches) if given.melception else _NO_MELCEPTION)
    if given.recognised and given.melception:
        found |= _recognition(generated, sides[0])
    _add(found, missing, _music_figures(*sides) if given.tagger else _NO_TAGGER)
    notes = _notes(matches, given.clip)
    return Evaluation(len(generated), len(real), len(matches.pairs), found, missing, notes)


_Found = tuple[dict[str, Figure], dict[str, str]]
_NO_MELCEPTION: _Found = ({}, {
    "FID, KID, inception score, MKL": "needs the weights of Melception and the statistics of its training set",
})  # fmt: skip
_NO_TAGGER: _Found = ({}, {"FAD": "needs the wheel of musicnn"})


def _add(found: dict[str, Figure], missing: dict[str, str], more: _Found) -> None:
    found.update(more[0])
    missing.update(more[1])


def _pair_figures(distances: Sequence[np.ndarray]) -> tuple[dict[str, Figure], dict[str, str]]:
    """Figures of pairs without any network."""
    if not distances:
        return {}, {"mel distance": "needs real sounds with the names of the generated ones"}
    spectral, several = np.stack(distances).T
    several = several[np.isfinite(several)]
    found = {"mel_distance_db": _of_pairs("mel distance of pairs, dB", spectral)}
    if not len(several):
        return found, {"multi-resolution mel distance": "needs sounds, or a vocoder"}
    found["multi_resolution_mel_distance_db"] = _of_pairs("mel distance of pairs at three resolutions, dB", several)
    return found, {}


def _of_pairs(name: str, values: np.ndarray) -> Figure:
    return Figure(name, float(np.mean(values)), float(np.std(values)))


def _classifier_figures(generated: Opinions, real: Opinions, matches: matching.Matches) -> _Found:
    """FID, KID, inception score and MKL."""
    found, missing = {}, {}
    if min(len(generated.features), len(real.features)) < 2:
        missing["FID, KID"] = "needs at least two sounds on each side"
    else:
        halves = real.features[::2], real.features[1::2]
        both, enough = (generated.features, real.features), len(real.features) >= 4
        found["melception_frechet_distance"] = Figure(
            "FID on Melception's 2048 features", figures.frechet_distance(*both), None,
            figures.frechet_distance(*halves) if enough else None,
        )  # fmt: skip
        kernel = figures.kernel_distance(*both)
        found["melception_kernel_distance"] = Figure(
            "KID on Melception's 2048 features", kernel.mean, kernel.deviation,
            figures.kernel_distance(*halves).mean if enough else None,
        )  # fmt: skip
    score = figures.inception_score(generated.unbiased)
    of_real = figures.inception_score(real.unbiased).mean
    found["melception_inception_score"] = Figure(
        "inception score on Melception's logits without bias", score.mean, score.deviation, of_real, "higher"
    )
    if matches.pairs:
        made, own = (list(column) for column in zip(*matches.pairs, strict=True))
        value = figures.mean_divergence(generated.logits[made], real.logits[own])
        found["melception_mean_divergence"] = Figure("MKL on Melception's logits, KL(real | generated)", value)
    else:
        missing["MKL"] = "needs real sounds with the names of the generated ones"
    return found, missing


def _recognition(paths: Sequence[Path], opinions: Opinions) -> dict[str, Figure]:
    """How often Melception recognises the class of a generated sound."""
    numbers = [matching.class_number(path.as_posix()) for path in paths]
    if None in numbers:
        raise ValueError(f"{paths[numbers.index(None)]} must be in a folder cls_N, the number of its class")
    found = figures.classification(np.array(numbers), opinions.logits)
    values = {f"accuracy_{k}": value for k, value in found.accuracies.items()} | {
        "mean_average_precision": found.mean_average_precision, "mean_auc": found.mean_auc, "d_prime": found.d_prime
    }  # fmt: skip
    words = {name: name.replace("accuracy_", "share recognised among the likeliest ").replace("_", " ")
             for name in values}  # fmt: skip
    return {
        f"melception_{name}": Figure(f"{words[name]}, by Melception", value, better="higher")
        for name, value in values.items()
    }


def _music_figures(generated: Opinions, real: Opinions) -> _Found:
    """FAD."""
    if min(len(generated.music), len(real.music)) < 2:
        return {}, {"FAD": "needs sounds or a vocoder, and at least two pieces of three seconds on each side"}
    halves = real.music[::2], real.music[1::2]
    own = distances.frechet(*halves) if min(map(len, halves)) >= 2 else None
    value = distances.frechet(generated.music, real.music)
    return {"musicnn_frechet_audio_distance": Figure("FAD on musicnn's features (not VGGish's)", value, None, own)}, {}


def _notes(matches: matching.Matches, clip: bool) -> tuple[str, ...]:
    found = []
    if matches.lonely_generated:
        found.append(f"{matches.lonely_generated} generated sounds have no real one")
    if matches.lonely_real:
        found.append(f"{matches.lonely_real} real sounds have no generated one")
    if clip:
        found.append("generated spectrograms are held in 0..1, which the original does not do (--as_original)")
    return tuple(found)
