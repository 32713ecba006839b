"""Compare generated sounds with real ones: every figure that can be had with what is given, named by what it is."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from core import distances
from core.progress import Progress, ignore
from specvqgan.mel.spectrogram import SAMPLE_RATE
from specvqgan.metrics import clip_sounds, figures, matching, mel_distance
from specvqgan.metrics.clip_sounds import ClipSound, Vocode
from specvqgan.metrics.judges import Judges, Opinions


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
        progress: counts sounds.

    Raises:
        FileNotFoundError, ValueError: a file cannot be read; the message names it.
    """
    count = len(generated) + len(real)
    read = partial(clip_sounds.read, vocode=vocode, clip=clip)

    def counted(paths: Sequence[Path], before: int) -> Iterable[tuple[Path, ClipSound]]:
        for done, path in enumerate(paths, before):
            progress(done, count)
            yield path, clip_sounds.read(path, vocode if judges.tagger else None, clip)

    sides = judges.opinions(counted(generated, 0)), judges.opinions(counted(real, len(generated)))
    progress(count, count)
    matches = matching.match([path.as_posix() for path in generated], [path.as_posix() for path in real], classes)
    found, missing = _pair_figures(generated, real, matches, read)
    _add(found, missing, _classifier_figures(*sides, matches) if judges.weights else _NO_MELCEPTION)
    if recognised and judges.weights:
        found |= _recognition(generated, sides[0])
    _add(found, missing, _music_figures(*sides) if judges.tagger else _NO_TAGGER)
    notes = _notes(matches, clip)
    return Evaluation(len(generated), len(real), len(matches.pairs), found, missing, notes)


_Found = tuple[dict[str, Figure], dict[str, str]]
_NO_MELCEPTION: _Found = ({}, {
    "FID, KID, inception score, MKL": "needs the weights of Melception and the statistics of its training set",
})  # fmt: skip
_NO_TAGGER: _Found = ({}, {"FAD": "needs the wheel of musicnn"})


def _add(found: dict[str, Figure], missing: dict[str, str], more: _Found) -> None:
    found.update(more[0])
    missing.update(more[1])


def _pair_figures(
    generated: Sequence[Path], real: Sequence[Path], matches: matching.Matches, read: Any
) -> tuple[dict[str, Figure], dict[str, str]]:
    """Figures of pairs without any network."""
    if not matches.pairs:
        return {}, {"mel distance": "needs real sounds with the names of the generated ones"}
    spectral, several = [], []
    for made, own in matches.pairs:
        one, other = read(generated[made]), read(real[own])
        spectral.append(mel_distance.of_spectrograms(one.spectrogram, other.spectrogram))
        if one.wave is not None and other.wave is not None:
            several.append(mel_distance.of_waves(one.wave, other.wave, SAMPLE_RATE))
    found = {"mel_distance_db": _of_pairs("mel distance of pairs, dB", spectral)}
    if not several:
        return found, {"multi-resolution mel distance": "needs sounds, or a vocoder"}
    found["multi_resolution_mel_distance_db"] = _of_pairs("mel distance of pairs at three resolutions, dB", several)
    return found, {}


def _of_pairs(name: str, values: Sequence[float]) -> Figure:
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
