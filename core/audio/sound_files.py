"""Find and read sound files of any kind, as mono waves at one rate."""

import itertools
import logging
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from operator import attrgetter
from pathlib import Path

import numpy as np
import soundfile

from core.audio.decoding import DecodingError, check_rate, decode
from core.audio.resample import resample_blocks
from core.files.regular import open_regular
from core.text import shortened

log = logging.getLogger(__name__)

SUFFIXES = frozenset({".wav", ".aif", ".aiff", ".flac", ".mp3", ".m4a", ".aac", ".ogg", ".oga", ".opus", ".wma"})
# How WAV, AIFF and FLAC files begin.
_LOSSLESS = (b"RIFF", b"RIFX", b"RF64", b"FORM", b"fLaC")
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

    The log lists all other files that are left out.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: it has no sound files.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}")
    inside = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    names = [path for path in inside if not any(part.startswith(".") for part in path.parts)]
    found = [folder / name for name in names if name.suffix.lower() in SUFFIXES]
    if not found:
        raise ValueError(f"{folder} has no sound files ({' '.join(sorted(SUFFIXES))})")
    if others := [str(name) for name in names if name.suffix.lower() not in SUFFIXES]:
        log.info("left out, not named like a sound file: %s", shortened(others))
    return found


def length_at(path: Path, sample_rate: int) -> int:
    """The number of samples that a file will have at another rate: from its header, or decoded where that can be wrong.

    Raises:
        BadFileError: it cannot be read.
    """
    try:
        with _opened(path) as file:
            if file:
                return round(file.frames * sample_rate / file.samplerate)
        return sum(len(block) for block in _decoded(path, sample_rate))
    except (DecodingError, OSError) as error:
        raise _unreadable(path, error) from None


def read(path: Path, sample_rate: int, *, longest_s: float | None = None) -> np.ndarray:
    """Read a sound file as float32 [samples] at sample_rate; channels are averaged.

    It is read in blocks, so that an hour of stereo needs no more memory than the mono result. A 16-bit mono file that
    has this rate already gives exactly its values / 32768.

    Args:
        path: the file.
        sample_rate: in Hz.
        longest_s: only its first seconds are read; None: all of it.

    Raises:
        BadFileError: it cannot be read, is empty, or has a value that is not finite.
    """
    try:
        wave = _joined(_sounding(path, sample_rate), None if longest_s is None else round(longest_s * sample_rate))
    except (DecodingError, OSError) as error:
        raise _unreadable(path, error) from None
    check_samples(path, wave)
    return wave


def stream(path: Path, sample_rate: int) -> Iterator[np.ndarray]:
    """What `read` gives, in blocks float32 [samples], so that a sound of any length can be worked through.

    Raises:
        BadFileError: it cannot be read, has no samples, or has a value that is not finite; after the blocks before it.
    """
    empty = True
    try:
        for block in _sounding(path, sample_rate):
            if len(block):
                check_samples(path, block)
                empty = False
                yield block
    except (DecodingError, OSError) as error:
        raise _unreadable(path, error) from None
    if empty:
        raise BadFileError(f"{path} has no samples")


def check_samples(path: Path, wave: np.ndarray) -> None:
    """Check what was read of a file.

    Raises:
        BadFileError: it is empty, or has a value that is not finite.
    """
    if not len(wave):
        raise BadFileError(f"{path} has no samples")
    if not np.isfinite(wave).all():
        raise BadFileError(f"a value of {path} is not finite")


def _sounding(path: Path, sample_rate: int) -> Iterator[np.ndarray]:
    """The blocks of a file, mono, at a rate."""
    with _opened(path) as file:
        if file:
            yield from resample_blocks(_mono(file, path), file.samplerate, sample_rate)
        else:
            yield from _decoded(path, sample_rate)


@contextmanager
def _opened(path: Path) -> Iterator[soundfile.SoundFile | None]:
    """Open a lossless file with libsndfile, which keeps its exact values; None: FFmpeg must decode it."""
    with open_regular(path) as raw:
        header = raw.read(8)
    try:
        file = soundfile.SoundFile(_name(path)) if header.startswith(_LOSSLESS) else None
    except soundfile.LibsndfileError:
        file = None
    with file if file is not None else nullcontext():
        if file:
            check_rate(file.samplerate)
        # A program that was cut off, or wrote into a pipe, left a header without the length.
        without_length = file and not file.frames and _claims_less(header, path)
        yield None if without_length else file


def _name(path: Path) -> Path | bytes:
    """A file's name for libsndfile: on Linux it may be bytes that are not text."""
    return path if os.name == "nt" else os.fsencode(path)


def _claims_less(header: bytes, path: Path) -> bool:
    """Whether a WAV file is longer than its header says."""
    return header.startswith(b"RIFF") and int.from_bytes(header[4:], "little") + 8 < path.stat().st_size


def _mono(file: soundfile.SoundFile, path: Path) -> Iterator[np.ndarray]:
    """The blocks of a lossless file; from where libsndfile finds it damaged on, what FFmpeg can decode of it."""
    given = 0
    try:
        # Not SoundFile.blocks: it gives as many samples as the header claims, and there may be fewer.
        while len(block := file.read(_BLOCK, dtype="float32", always_2d=True)):
            yield block.mean(axis=1)
            given += len(block)
    except soundfile.LibsndfileError:
        for piece in decode(path, sample_rate=file.samplerate):
            yield piece.samples[:, given:].mean(axis=0)
            given = max(given - piece.samples.shape[1], 0)


def _decoded(path: Path, sample_rate: int) -> Iterator[np.ndarray]:
    for rate, blocks in itertools.groupby(decode(path), attrgetter("sample_rate")):
        yield from resample_blocks((block.samples.mean(axis=0) for block in blocks), rate, sample_rate)


def _joined(blocks: Iterable[np.ndarray], longest: int | None) -> np.ndarray:
    return np.concatenate([np.zeros(0, np.float32), *_until(blocks, longest)])[:longest]


def _until(blocks: Iterable[np.ndarray], longest: int | None) -> Iterator[np.ndarray]:
    """Blocks, until there are so many samples; the others are not read."""
    found = 0
    for block in blocks:
        yield block
        found += len(block)
        if longest is not None and found >= longest:
            return


def _unreadable(path: Path, error: Exception) -> BadFileError:
    if not path.exists():
        return BadFileError(f"{path} does not exist")
    reason = getattr(error, "error_string", None) or getattr(error, "strerror", None) or error
    return BadFileError(f"{path} is not a readable sound file: {str(reason).rstrip('.')}")
