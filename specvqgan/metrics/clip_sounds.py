"""Read clips to compare: spectrograms (.npy), or sounds of any format."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core import checks
from core.audio import sound_files
from core.formats import npz
from specvqgan.mel import spectrogram
from specvqgan.mel.spectrogram import CLIP_FRAMES, CLIP_SAMPLES, MELS, SAMPLE_RATE

# Frames that the classifiers were trained on, the middle of a clip of ten seconds.
CROPPED = 848
_SUFFIX = ".npy"
# `_audio.npy` are sounds, beside the spectrograms of the original's data sets.
_SOUND = "_audio"
_MOST_FRAMES = 100_000
# A spectrogram [n, mels, frames] in 0..1 -> sounds [n, samples].
Vocode = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class ClipSound:
    """A clip.

    Attributes:
        spectrogram: float32 [mels, frames].
        wave: float32 [samples] at 22050 Hz; None: there is only the spectrogram.
    """

    spectrogram: np.ndarray
    wave: np.ndarray | None


def find(folder: Path) -> list[Path]:
    """The spectrograms in a folder and its subfolders, or, where there are none, the sound files.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: there is neither.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not a folder; name one with spectrograms (.npy) or sounds")
    paths = sorted(path for path in folder.rglob(f"*{_SUFFIX}") if path.is_file())
    paths = [path for path in paths if not path.stem.endswith(_SOUND)]
    if not paths:
        paths = sorted(
            path for path in folder.rglob("*") if path.suffix.lower() in sound_files.SUFFIXES and path.is_file()
        )
    if not paths:
        raise ValueError(f"{folder} has neither spectrograms ({_SUFFIX}) nor sounds")
    return paths


def read(path: Path, vocode: Vocode | None = None, clip: bool = True) -> ClipSound:
    """Read a clip's first ten seconds; a shorter one stays as short as it is.

    Args:
        path: of a spectrogram, or of a sound.
        vocode: makes sounds of spectrograms; None: they have none.
        clip: hold a spectrogram's values in 0..1, as those of sounds are; decoders go beyond.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is damaged, or holds something else; the message names it.
    """
    if path.suffix != _SUFFIX:
        wave = sound_files.read(path, SAMPLE_RATE, longest_s=CLIP_SAMPLES / SAMPLE_RATE)
        return ClipSound(spectrogram.spectrogram(wave)[:, :CLIP_FRAMES], wave)
    try:
        found = npz.read_npy(path)
        checks.shape("a spectrogram", found, (MELS, "frames"))
        checks.whole("frames", found.shape[1], 1, _MOST_FRAMES)
        values = np.asarray(checks.finite("a spectrogram", found), np.float32)[:, :CLIP_FRAMES]
    except ValueError as error:
        raise ValueError(f"{path} cannot be read: {error}") from None
    held = np.clip(values, 0, 1)
    return ClipSound(held if clip else values, vocode(held[None])[0] if vocode else None)


def cropped(values: np.ndarray) -> np.ndarray:
    """The middle 848 frames of a spectrogram [mels, frames]; a shorter one as it is."""
    start = max(0, (values.shape[1] - CROPPED) // 2)
    return values[:, start : start + CROPPED]
