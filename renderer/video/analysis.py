"""Features of a song for each frame of its video: loudness, onsets and the twelve pitches.

Source: the BigGAN Audio Visualizer's signals (mel power, its rise, a constant-Q chromagram), made finite in silence and
computed in pieces with margins, so that memory does not grow with the sound by more than 60 bytes a frame. Its
parameters are made for them: with the decibels of the faster analysis (core/audio/features.py) a song would be loud all
the time.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from core import checks
from core.audio.blocks import AudioSource, mono_blocks
from core.audio.features import Features, normalized_chroma
from renderer.sound_to_image import PITCHES

SAMPLE_RATE = 22050
DEFAULT_HOP = 512
# Seven octaves are found by halving the rate six times; a hop must be divisible as often.
HOP_STEP = 64

_FFT, _BANDS, _TOP_HZ = 2048, 128, 8000.0
# The longest filter, at C1 with 36 bins an octave, is 1.6 s; half of it and the halving filters reach across an edge.
_MARGIN_S, _PIECE_S = 1.6, 30.0
# Mean mel power below this is silence: 80 dB below the 131 of a full-scale sine at 440 Hz.
_SILENCE = 1e-8 * 131
# A sound whose loudness changes by less than this part of its peak is steady; its changes are not amplified.
_STEADY = 0.01
_TUNING_STEPS = 100


def analyse(sound: AudioSource, hop: int = DEFAULT_HOP) -> Features:
    """Find the features of a sound.

    Args:
        sound: it is read twice, once for its tuning.
        hop: samples at 22 050 Hz from one frame to the next, a multiple of 64.

    Returns:
        As many frames as cover the sound; frame f is about the time f * hop / 22 050.

    Raises:
        ValueError: the hop is not a multiple of 64, or there is no sound.
    """
    if hop < HOP_STEP or hop % HOP_STEP:
        raise checks.mismatch("the hop", f"be a multiple of {HOP_STEP}", hop)
    tuning = _tuning(_pieces(sound, hop))
    found = [_features(piece, hop, tuning) for piece in _pieces(sound, hop)]
    if not found:
        raise ValueError("there are no samples in the sound")
    power = np.concatenate([power for power, _ in found])
    chroma = normalized_chroma(np.concatenate([chroma for _, chroma in found]), power >= _SILENCE)
    return Features(Fraction(SAMPLE_RATE, hop), _loudness(power), _onsets(power), chroma)


@dataclass(frozen=True)
class _Piece:
    """The samples of some frames, float32, with a margin on either side."""

    samples: np.ndarray
    margin: int
    frames: int


def _pieces(sound: AudioSource, hop: int) -> Iterator[_Piece]:
    margin = hop * -(-int(_MARGIN_S * SAMPLE_RATE) // hop)
    frames = max(1, int(_PIECE_S * SAMPLE_RATE) // hop)
    size = frames * hop
    held = np.zeros(margin, np.float32)
    for block in _gathered(mono_blocks(sound, SAMPLE_RATE), size):
        held = np.concatenate([held, block])
        while len(held) >= size + 2 * margin:
            yield _Piece(held[: size + 2 * margin], margin, frames)
            held = held[size:]
    while len(held) > margin:
        rest = min(size, len(held) - margin)
        count = -(-rest // hop)
        needed = count * hop + 2 * margin
        yield _Piece(np.pad(held[:needed], (0, max(0, needed - len(held)))), margin, count)
        held = held[size:]


def _gathered(blocks: Iterable[np.ndarray], size: int) -> Iterator[np.ndarray]:
    """Blocks joined until they hold `size` samples: joining costs little then."""
    waiting: list[np.ndarray] = []
    for block in blocks:
        waiting.append(block)
        if sum(map(len, waiting)) >= size:
            yield np.concatenate(waiting)
            waiting = []
    if waiting:
        yield np.concatenate(waiting)


def _tuning(pieces: Iterable[_Piece]) -> float:
    """How far the sound is from A = 440 Hz, in thirds of a semitone (-0.5..0.5), as librosa estimates it."""
    import librosa

    counts = np.zeros(_TUNING_STEPS)
    for piece in pieces:
        inside = piece.samples[piece.margin : piece.margin + max(_FFT, len(piece.samples) - 2 * piece.margin)]
        pitch, strength = librosa.piptrack(y=inside, sr=SAMPLE_RATE, n_fft=_FFT)
        found = pitch[(pitch > 0) & (strength >= (np.median(strength[pitch > 0]) if (pitch > 0).any() else 0))]
        if len(found):
            rest = np.mod(36 * librosa.hz_to_octs(found), 1.0)
            rest[rest >= 0.5] -= 1.0
            counts += np.histogram(rest, bins=_TUNING_STEPS, range=(-0.5, 0.5))[0]
    return float(np.argmax(counts) / _TUNING_STEPS - 0.5) if counts.any() else 0.0


def _features(piece: _Piece, hop: int, tuning: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean mel power [frames] and raw chroma [frames, 12] of a piece without its margins."""
    import librosa

    first = piece.margin // hop
    inner = slice(first, first + piece.frames)
    mel = librosa.feature.melspectrogram(
        y=piece.samples, sr=SAMPLE_RATE, n_fft=_FFT, hop_length=hop, n_mels=_BANDS, fmax=_TOP_HZ
    )
    chroma = librosa.feature.chroma_cqt(y=piece.samples, sr=SAMPLE_RATE, hop_length=hop, norm=None, tuning=tuning)
    return mel.mean(axis=0)[inner], chroma.T[inner, :PITCHES]


def _loudness(power: np.ndarray) -> np.ndarray:
    """Power from 0 where it is least to 1 where it is most."""
    span = max(float(np.ptp(power)), _STEADY * float(power.max()), _SILENCE)
    return ((power - power.min()) / span).astype(np.float32)


def _onsets(power: np.ndarray) -> np.ndarray:
    rise = np.gradient(power) if len(power) > 1 else np.zeros(1)
    most = max(float(rise.max()), _STEADY * float(power.max()), _SILENCE)
    return np.clip(rise / most, 0.0, 1.0).astype(np.float32)
