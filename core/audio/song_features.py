"""Features of a song for each frame of its video: loudness, onsets and the twelve pitches.

Source: the BigGAN Audio Visualizer's signals (mel power, its rise, a constant-Q chromagram), made finite in silence and
computed in pieces with margins, so that memory does not grow with the sound by more than 60 bytes a frame. The
settings of `hallu visualize` are made for them: with the decibels of the faster analysis (core/audio/features.py) a
song would be loud all the time.
"""

from fractions import Fraction

import numpy as np

from core import checks
from core.audio import mel
from core.audio.blocks import AudioSource
from core.audio.chromagram import chroma, tuning
from core.audio.features import Features, normalized_chroma
from core.audio.pieces import SAMPLE_RATE, Piece, pieces

DEFAULT_HOP = 512
# Seven octaves are found by halving the rate six times; a hop must be divisible as often.
HOP_STEP = 64

_FFT, _BANDS, _TOP_HZ = 2048, 128, 8000.0
# Mean mel power below this is silence: 80 dB below the 131 of a full-scale sine at 440 Hz.
_SILENCE = 1e-8 * 131
# A sound whose loudness changes by less than this part of its peak is steady; its changes are not amplified.
_STEADY = 0.01


def analyse(sound: AudioSource, hop: int = DEFAULT_HOP) -> Features:
    """Find the features of a sound.

    Args:
        sound: it is read twice, once for its tuning.
        hop: samples at 22 050 Hz from one frame to the next, a multiple of 64.

    Returns:
        As many frames as cover the sound; frame f is about the time f * hop / 22 050.

    Raises:
        ValueError: the hop is not a multiple of 64, or the sound is empty.
    """
    if hop < HOP_STEP or hop % HOP_STEP:
        raise checks.mismatch("the hop", f"be a multiple of {HOP_STEP}", hop)
    tuned = tuning(pieces(sound, hop))
    found = [_features(piece, hop, tuned) for piece in pieces(sound, hop)]
    if not found:
        raise ValueError("there are no samples in the sound")
    power = np.concatenate([power for power, _ in found])
    pitches = normalized_chroma(np.concatenate([pitches for _, pitches in found]), power >= _SILENCE)
    return Features(Fraction(SAMPLE_RATE, hop), _loudness(power), _onsets(power), pitches)


def _features(piece: Piece, hop: int, tuned: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean mel power [frames] and raw chroma [frames, 12] of a piece without its margins."""
    power = mel.powers(piece.samples, mel.bands(SAMPLE_RATE, _FFT, _BANDS, 0.0, _TOP_HZ), _FFT, hop)
    return power.mean(axis=0)[piece.inner(hop)], chroma(piece, hop, tuned)


def _loudness(power: np.ndarray) -> np.ndarray:
    """Power from 0 where it is least to 1 where it is most."""
    span = max(float(np.ptp(power)), _STEADY * float(power.max()), _SILENCE)
    return ((power - power.min()) / span).astype(np.float32)


def _onsets(power: np.ndarray) -> np.ndarray:
    rise = np.gradient(power) if len(power) > 1 else np.zeros(1)
    most = max(float(rise.max()), _STEADY * float(power.max()), _SILENCE)
    return np.clip(rise / most, 0.0, 1.0).astype(np.float32)
