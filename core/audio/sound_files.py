"""Find and read sound files of any kind, as mono waves at one rate."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile

from core.audio.resample import resample_blocks

SUFFIXES = frozenset({".wav", ".aif", ".aiff", ".flac", ".mp3"})
_BLOCK = 2**20


class BadFileError(ValueError):
    """A file that cannot be used; the message names it and the rule."""


# Called with each file that cannot be used; the work goes on without it unless this raises.
OnBadFile = Callable[[BadFileError], None]


def stop_at_bad(error: BadFileError) -> None:
    """End the work at the first bad file.

    Raises:
        BadFileError: always.
    """
    raise error


def find(folder: Path) -> list[Path]:
    """The sound files in a folder and its subfolders, sorted; hidden ones are left out.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: it has no sound files.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}")
    inside = (path.relative_to(folder) for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    names = sorted(path for path in inside if not any(part.startswith(".") for part in path.parts))
    found = [folder / name for name in names if (folder / name).is_file()]
    if not found:
        raise ValueError(f"{folder} has no sound files ({' '.join(sorted(SUFFIXES))})")
    return found


def length_at(path: Path, sample_rate: int) -> int:
    """The number of samples that a file will have at another rate, from its header.

    Raises:
        BadFileError: it cannot be read.
    """
    try:
        info = soundfile.info(path)
    except (soundfile.LibsndfileError, OSError) as error:
        raise _unreadable(path, error) from None
    return round(info.frames * sample_rate / info.samplerate)


def read(path: Path, sample_rate: int) -> np.ndarray:
    """Read a sound file as float32 [samples] at sample_rate; channels are averaged.

    It is read in blocks, so that an hour of stereo needs no more memory than the mono result. A 16-bit mono file that
    has this rate already gives exactly its values / 32768.

    Raises:
        BadFileError: it cannot be read, is empty, or has a value that is not finite.
    """
    try:
        with soundfile.SoundFile(path) as file:
            wave = _resampled(file, sample_rate)
    except (soundfile.LibsndfileError, OSError) as error:
        raise _unreadable(path, error) from None
    if not len(wave):
        raise BadFileError(f"{path} has no samples")
    if not np.isfinite(wave).all():
        raise BadFileError(f"a value of {path} is not finite")
    return wave


def _resampled(file: soundfile.SoundFile, sample_rate: int) -> np.ndarray:
    mono = (block.mean(axis=1) for block in _blocks(file))
    return np.concatenate([np.zeros(0, np.float32), *resample_blocks(mono, file.samplerate, sample_rate)])


def _blocks(file: soundfile.SoundFile) -> Iterator[np.ndarray]:
    # Not SoundFile.blocks: it gives as many samples as the header claims, and a header may claim more than there are.
    while len(block := file.read(_BLOCK, dtype="float32", always_2d=True)):
        yield block


def _unreadable(path: Path, error: Exception) -> BadFileError:
    if not path.exists():
        return BadFileError(f"{path} does not exist")
    reason = getattr(error, "error_string", None) or getattr(error, "strerror", None) or error
    return BadFileError(f"{path} is not a readable sound file: {str(reason).rstrip('.')}")
