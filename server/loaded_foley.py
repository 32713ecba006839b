"""The loaded foley model: what gives pictures a sound."""

from dataclasses import dataclass

import numpy as np

from core.audio.loudness import TARGET_LUFS, gain_db_to, loudness_lufs
from core.progress import Progress, ignore
from core.protocols import FoleyModel

# Pictures that every model is measured with: coloured waves that move, of one fineness after the other, for so many of
# a model's windows. (Of one hard pattern `instruments` makes sounds 15 dB softer than of what is really shown.)
_FPS, _SIZE, _WINDOWS = 12, 64, 2
_WAVES = (1.0, 4.0, 0.5, 2.0)
_TURN_S = 2.5


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
    """The gain in dB, -60..40, that brings a model's sound for moving test pictures to -20 LUFS; always the same."""
    seconds = _WINDOWS * model.seconds
    wave = model.generate(_test_frames(seconds), _FPS, seconds=seconds, progress=progress)
    return round(gain_db_to(TARGET_LUFS, loudness_lufs(wave, model.sample_rate)), 2)


def _test_frames(seconds: float) -> np.ndarray:
    """Waves of colours that move, with a cut where they become finer or coarser: uint8 [n, 64, 64, 3]."""
    count = max(1, round(seconds * _FPS))
    place = np.linspace(0.0, 1.0, _SIZE, endpoint=False)
    waves = np.resize(np.repeat(_WAVES, -(-count // len(_WAVES))), count)[:, None, None, None]
    turns = (np.arange(count) / _FPS / _TURN_S)[:, None, None, None]
    across, down, colour = place[None, None, :, None], place[None, :, None, None], np.arange(3) / 3.0
    bright = np.sin(2 * np.pi * (across * waves + turns + colour)) * np.cos(2 * np.pi * down * waves)
    return (127.0 + 120.0 * bright).astype(np.uint8)
