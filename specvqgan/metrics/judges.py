"""Judges of sounds: networks that nobody trained on what they judge, as far as their files are given."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.audio.music_tagger import MusicTagger
from core.nn.engine import CompiledFunctions
from specvqgan.mel.spectrogram import SAMPLE_RATE
from specvqgan.metrics import clip_sounds, melception
from specvqgan.metrics.clip_sounds import ClipSound
from specvqgan.metrics.standardization import Statistics

# A tagger judges pieces of this length.
_PIECE = 3 * SAMPLE_RATE
# The shortest spectrogram that Melception's pools leave something of.
_SHORTEST = 75


@dataclass(frozen=True, eq=False)
class Opinion:
    """What judges think of a sound; empty where there is no such judge.

    Attributes:
        features: of Melception, float32 [2048].
        unbiased: its logits without their bias, [classes].
        logits: [classes].
        music: features of a tagger, one row for each piece of three seconds, [pieces, 256].
    """

    features: np.ndarray
    unbiased: np.ndarray
    logits: np.ndarray
    music: np.ndarray


@dataclass(frozen=True, eq=False)
class Opinions:
    """What judges think of sounds: the arrays of `Opinion` with a row for each sound, of music one for each piece."""

    features: np.ndarray
    unbiased: np.ndarray
    logits: np.ndarray
    music: np.ndarray

    @classmethod
    def of(cls, sounds: Sequence[Opinion]) -> "Opinions":
        """The opinions of sounds."""
        music = [sound.music for sound in sounds if len(sound.music)]
        return cls(
            features=np.stack([sound.features for sound in sounds]),
            unbiased=np.stack([sound.unbiased for sound in sounds]),
            logits=np.stack([sound.logits for sound in sounds]),
            music=np.concatenate(music) if music else np.zeros((0, 0)),
        )


class Judges:
    """The networks that are given; may have none.

    Args:
        weights: of Melception, see `melception.read`; None: there is none.
        statistics: of its training set.
        tagger: judges sounds.
        engine: what computes Melception.
        precision: f32 or bf16.
    """

    def __init__(
        self, weights: dict[str, np.ndarray] | None = None, statistics: Statistics | None = None,
        tagger: MusicTagger | None = None, *, engine: str = "openvino", precision: str = "f32",
    ) -> None:  # fmt: skip
        if weights is not None and statistics is None:
            raise ValueError("Melception needs the statistics of its training set")
        self.weights, self.statistics, self.tagger = weights, statistics, tagger
        self._functions = CompiledFunctions(engine, precision)

    def opinion(self, path: Path, sound: ClipSound) -> Opinion:
        """What they think of a sound, and the path that it is from.

        Raises:
            ValueError: its spectrogram is shorter than 75 frames, or has other bands; the message names its path.
        """
        none = np.zeros(0, np.float32)
        judged = (none, none, none) if self.weights is None else self._judge(path, sound.spectrogram)
        music: list[np.ndarray] = []
        if self.tagger is not None and sound.wave is not None:
            music = [self.tagger.judge(piece, SAMPLE_RATE)[0] for piece in _pieces(sound.wave)]
        features, unbiased, logits = judged
        return Opinion(features, unbiased, logits, np.array(music))

    def _judge(self, path: Path, spectrogram: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        if self.weights is None or self.statistics is None:
            raise ValueError("there is no Melception")
        frames = spectrogram.shape[1]
        if frames < _SHORTEST:
            raise ValueError(f"{path} must have at least {_SHORTEST} frames to be judged, not {frames}")
        x = self.statistics.standardized(clip_sounds.cropped(spectrogram))[None, :, :, None]
        run = self._functions.get(x.shape, melception.judge, self.weights, [x.shape])
        features, unbiased, logits = (each[0] for each in run(x))
        return features, unbiased, logits


def _pieces(wave: np.ndarray) -> list[np.ndarray]:
    """Pieces of three seconds; a sound that is shorter is one, a rest that is shorter counts for nothing."""
    return [wave[start : start + _PIECE] for start in range(0, max(1, len(wave) - _PIECE + 1), _PIECE)]
