"""The spectrograms that SpecVQGAN works on: 80 mel bands, 86 frames in a second, values in 0..1; always float32.

A value is the level of a band: 0 is -80 dB and below, 1 is +20 dB and above. The numbers are those of the original,
whose librosa mirrors a sound at its ends.

Source: feature_extraction/extract_mel_spectrogram.py of SpecVQGAN, and librosa 0.8.
"""

import functools
from collections.abc import Iterable, Iterator

import numpy as np

from core import checks
from core.audio import mel, stft

SAMPLE_RATE, FFT, HOP, MELS = 22050, 1024, 256, 80
LOWEST_HZ, HIGHEST_HZ = 125.0, 7600.0
# A clip of the original's data sets: ten seconds, of which these frames are kept.
CLIP_SAMPLES, CLIP_FRAMES = 220500, 860
_QUIETEST = np.float32(1e-5)
# As many frames are transformed together.
_AT_ONCE = 512


@functools.cache
def mel_filters() -> np.ndarray:
    """The weight of each frequency in each band (Slaney's), float32 [80, 513]."""
    return mel.bands(SAMPLE_RATE, FFT, MELS, LOWEST_HZ, HIGHEST_HZ)


def frame_count(samples: int) -> int:
    """How many frames the spectrogram of so many samples has."""
    return 1 + samples // HOP


def spectrogram(wave: np.ndarray) -> np.ndarray:
    """The spectrogram of a sound.

    Args:
        wave: [samples] at 22050 Hz.

    Returns:
        float32 [80, 1 + samples // 256], low bands first; frame i has its middle at sample 256 * i.

    Raises:
        ValueError: there are no samples, or one is not finite.
    """
    wave = checks.finite("the sound", checks.shape("the sound", np.asarray(wave, np.float32), ("samples",)))
    checks.in_range("the number of samples", len(wave), 1)
    return _levels(magnitudes(wave))


def clip_spectrogram(wave: np.ndarray, samples: int = CLIP_SAMPLES, frames: int = CLIP_FRAMES) -> np.ndarray:
    """The spectrogram of a clip of fixed length, as the original's data sets have it.

    Args:
        wave: [any number] at 22050 Hz; it is cut, or followed by silence, to `samples`.
        samples: of the clip.
        frames: that are kept of it, at most.

    Returns:
        float32 [80, frames].
    """
    wave = np.asarray(wave, np.float32)[:samples]
    return spectrogram(np.pad(wave, (0, samples - len(wave))))[:, :frames]


def stream(blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """The spectrogram of a sound that comes in blocks [samples], as blocks [80, frames].

    Together they are what `spectrogram` gives for the whole, and only one of them is in memory.
    """
    waiting, begun = np.zeros(0, np.float32), False
    for block in blocks:
        waiting = np.concatenate([waiting, np.asarray(block, np.float32)])
        if not begun and len(waiting) > FFT // 2:
            waiting, begun = np.concatenate([waiting[FFT // 2 : 0 : -1], waiting]), True
        # What is left is long enough to be mirrored at the end.
        count = (len(waiting) - FFT) // HOP if begun else 0
        if count > 0:
            yield _levels(_magnitudes(stft.frames(waiting, FFT, HOP)[:count]))
            waiting = waiting[count * HOP :]
    if not begun:
        if len(waiting):
            yield spectrogram(waiting)
        return
    waiting = np.pad(waiting, (0, FFT // 2), mode="reflect")
    yield _levels(_magnitudes(stft.frames(waiting, FFT, HOP)))


def magnitudes(wave: np.ndarray) -> np.ndarray:
    """Magnitudes of the Fourier transforms of a sound that is mirrored at its ends, float32 [513, frames]."""
    return _magnitudes(stft.frames(np.pad(wave, FFT // 2, mode="reflect"), FFT, HOP))


def _magnitudes(frames: np.ndarray) -> np.ndarray:
    window = _window()
    parts = [
        stft.magnitudes(frames[start : start + _AT_ONCE], window).astype(np.float32)
        for start in range(0, len(frames), _AT_ONCE)
    ]
    return np.concatenate(parts).T


def levels(mel: np.ndarray) -> np.ndarray:
    """Amplitudes of bands as values in 0..1."""
    decibels = np.float32(20) * np.log10(np.maximum(mel, _QUIETEST))
    return np.clip((decibels - np.float32(20) + np.float32(100)) / np.float32(100), 0, 1)


def amplitudes(spectrogram: np.ndarray) -> np.ndarray:
    """Values in 0..1 as amplitudes of bands; where a value was cut off, that of the bound."""
    decibels = np.asarray(spectrogram, np.float32) * np.float32(100) - np.float32(80)
    found: np.ndarray = np.float32(10) ** (decibels / np.float32(20))
    return found


def _levels(linear: np.ndarray) -> np.ndarray:
    # In float64, so that a frame's values do not depend on how many frames are multiplied together.
    return levels((mel_filters().astype(np.float64) @ linear).astype(np.float32))


@functools.cache
def _window() -> np.ndarray:
    return stft.hann_periodic(FFT)
