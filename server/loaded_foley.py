"""The loaded foley model: what gives pictures a sound."""

from dataclasses import dataclass

import numpy as np

from core.audio.loudness import TARGET_LUFS, gain_db_to, loudness_lufs
from core.progress import Progress, ignore
from core.protocols import FoleyModel

# Frames that every model is measured with: three colours that change places, as many times a second.
_FPS, _CHANGES_S, _SIZE = 12, 0.5, 64


@dataclass(frozen=True, eq=False)
class LoadedFoley:
    """A model, its folder, and its level.

    Attributes:
        model: the model.
        folder: where it was loaded from.
        gain_db: what brings its sounds to the common loudness, as measured for pictures that move.
    """

    model: FoleyModel
    folder: str
    gain_db: float


def measured_gain_db(model: FoleyModel, progress: Progress = ignore) -> float:
    """The gain in dB, -60..40, that brings a model's sound for a moving test picture to -20 LUFS; always the same."""
    wave = model.generate(_test_frames(model.seconds), _FPS, seconds=model.seconds, progress=progress)
    return round(gain_db_to(TARGET_LUFS, loudness_lufs(wave, model.sample_rate)), 2)


def _test_frames(seconds: float) -> np.ndarray:
    """Stripes of light colours that move on, uint8 [n, 64, 64, 3]."""
    colours = np.array([[230, 90, 60], [70, 200, 90], [80, 110, 240], [240, 220, 90]], np.uint8)
    stripes = np.arange(_SIZE) // (_SIZE // 4)
    moments = (np.arange(max(1, round(seconds * _FPS))) / _FPS / _CHANGES_S).astype(int)
    rows = colours[(stripes[None] + moments[:, None]) % len(colours)]
    return np.repeat(rows[:, None], _SIZE, axis=1)
