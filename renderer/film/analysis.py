"""What is heard at each picture: loudness, onset and the twelve pitches.

Source: the BigGAN Audio Visualizer's signals (mel power, its rise, a constant-Q chromagram), made finite in silence and
computed in pieces with margins, so that memory does not grow with the sound by more than 60 bytes a picture.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from renderer.mapping import PITCHES
from renderer.sound import Sound, mono_blocks

SAMPLE_RATE = 22050
DEFAULT_HOP = 512
# Seven octaves are found by halving the rate six times; a hop must survive that.
HOP_STEP = 64

_FFT, _BANDS, _TOP_HZ = 2048, 128, 8000.0
# The longest filter, at C1 with 36 bins an octave, is 1.6 s; half of it and the halving filters reach across an edge.
_MARGIN_S, _PIECE_S = 1.6, 30.0
# Mean mel power below this is silence: 80 dB below the 131 of a full-scale sine at 440 Hz.
_SILENCE = 1e-8 * 131
# A sound whose loudness changes by less than this part of its peak is steady, not to be blown up.
_STEADY = 0.01
_TUNING_STEPS = 100


@dataclass(frozen=True)
class Features:
    """What is heard at each of `frames` pictures, all finite and in 0..1.

    Attributes:
        rate: pictures a second.
        loudness: float32 [frames]; 1 where the sound is loudest, 0 where it is softest.
        onset: float32 [frames]; how fast loudness rises, 1 at its fastest, 0 where it falls.
        chroma: float32 [frames, 12]; C first; the strongest pitch of a picture is 1, in silence all are 0.
    """

    rate: Fraction
    loudness: np.ndarray
    onset: np.ndarray
    chroma: np.ndarray

    def __len__(self) -> int:
        return len(self.loudness)

    @property
    def order(self) -> np.ndarray:
        """The twelve pitches, the one strongest on average first."""
        return np.argsort(-self.chroma.mean(axis=0), kind="stable")

    def at(self, times_s: np.ndarray) -> "Features":
        """The same at other times (evenly spaced, at least two), interpolated."""
        here = np.arange(len(self)) / float(self.rate)
        read = [np.interp(times_s, here, row).astype(np.float32) for row in (self.loudness, self.onset, *self.chroma.T)]
        rate = Fraction(1 / float(times_s[1] - times_s[0])).limit_denominator(10**6)
        return Features(rate, read[0], read[1], np.stack(read[2:], axis=1))


def analyse(sound: Sound, hop: int = DEFAULT_HOP) -> Features:
    """Listen to a sound.

    Args:
        sound: it is read twice, once for its tuning.
        hop: samples at 22 050 Hz from one picture to the next, a multiple of 64.

    Returns:
        As many pictures as it takes to cover the sound; picture f is about the time f * hop / 22 050.

    Raises:
        ValueError: the hop is no multiple of 64, or there is no sound.
    """
    if hop < HOP_STEP or hop % HOP_STEP:
        raise ValueError(f"the hop must be a multiple of {HOP_STEP}, not {hop}")
    tuning = _tuning(_pieces(sound, hop))
    heard = [_hear(piece, hop, tuning) for piece in _pieces(sound, hop)]
    if not heard:
        raise ValueError("there are no samples in the sound")
    power = np.concatenate([power for power, _ in heard])
    chroma = np.concatenate([chroma for _, chroma in heard])
    loudness, onset = _loudness(power), _onset(power)
    return Features(Fraction(SAMPLE_RATE, hop), loudness, onset, _to_peak(chroma, power))


@dataclass(frozen=True)
class _Piece:
    """Some pictures' worth of samples, float32, with a margin on either side."""

    samples: np.ndarray
    margin: int
    frames: int


def _pieces(sound: Sound, hop: int) -> Iterator[_Piece]:
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


def _hear(piece: _Piece, hop: int, tuning: float) -> tuple[np.ndarray, np.ndarray]:
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


def _onset(power: np.ndarray) -> np.ndarray:
    rise = np.gradient(power) if len(power) > 1 else np.zeros(1)
    most = max(float(rise.max()), _STEADY * float(power.max()), _SILENCE)
    return np.clip(rise / most, 0.0, 1.0).astype(np.float32)


def _to_peak(chroma: np.ndarray, power: np.ndarray) -> np.ndarray:
    """Each picture's strongest pitch to 1; silent pictures to 0, not to what rounding left there."""
    peak = chroma.max(axis=1, keepdims=True)
    heard = (power[:, None] >= _SILENCE) & (peak > 0)
    return np.where(heard, chroma / np.where(peak > 0, peak, 1.0), 0.0).astype(np.float32)
