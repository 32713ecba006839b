"""A mono sound that is read in parts: a short one is in memory, a long one in a temporary file without a name.

Half an hour at 16 kHz takes 115 MB; whoever delivers or analyses it needs one block at a time.
"""

import logging
import tempfile
import threading
from collections.abc import Iterable
from typing import IO, Any, Protocol

import numpy as np

from core.audio.levels import scale_to_peak

log = logging.getLogger(__name__)

# A longer sound goes to a file: two minutes at 16 kHz.
IN_MEMORY = 1 << 21
_BYTES = 4
_BLOCK = 1 << 16


class Samples(Protocol):
    """A mono sound [samples], float: an array, or what is read like one."""

    def __len__(self) -> int:
        """How many samples there are."""

    def __getitem__(self, part: slice, /) -> Any:
        """Some of them, as an array."""

    def __array__(self, dtype: Any = None, /) -> np.ndarray:
        """All of them, in memory."""


class StoredWave:
    """Samples in a file, and the last ones in memory; see `Samples`. Any thread may read it, and nobody changes it."""

    def __init__(self, file: IO[bytes], in_file: int, rest: np.ndarray, factor: float) -> None:
        """Take over a file.

        Args:
            file: float32 samples; it is closed, and gone, when nobody needs the sound any more.
            in_file: how many there are.
            rest: those that follow, float32 [samples].
            factor: what all of them are multiplied by.
        """
        self._file, self._in_file, self._rest, self._factor = file, in_file, rest, factor
        self._reading = threading.Lock()

    def __len__(self) -> int:
        return self._in_file + len(self._rest)

    def __getitem__(self, part: slice) -> np.ndarray:
        begin, end, step = part.indices(len(self))
        read = self._read(min(begin, self._in_file), min(end, self._in_file))
        rest = self._rest[max(begin - self._in_file, 0) : max(end - self._in_file, 0)]
        # In double precision, as `scale_to_peak`.
        return (np.concatenate([read, rest]) * np.float64(self._factor)).astype(np.float32)[::step]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        found = np.empty(len(self), dtype or np.float32)
        for begin in range(0, len(self), _BLOCK):
            found[begin : begin + _BLOCK] = self[begin : begin + _BLOCK]
        return found

    def _read(self, begin: int, end: int) -> np.ndarray:
        if end <= begin:
            return np.zeros(0, np.float32)
        with self._reading:
            self._file.seek(begin * _BYTES)
            return np.frombuffer(self._file.read((end - begin) * _BYTES), np.float32)


def stored_at_peak(blocks: Iterable[np.ndarray], peak: float, in_memory: int = IN_MEMORY) -> Samples:
    """Keep the blocks of a sound, scaled together to an absolute peak; silence stays silence.

    The peak is known after the last block only: until then, and after it, a long sound is in a temporary file. Where
    there is no room for one, it stays in memory.

    Args:
        blocks: float32 [samples].
        peak: of the whole.
        in_memory: how many samples are kept without a file.

    Returns:
        An array, or a `StoredWave`.
    """
    parts: list[np.ndarray] = []
    file, in_file, loudest, room = None, 0, 0.0, in_memory
    for block in blocks:
        loudest = max(loudest, float(np.max(np.abs(block), initial=0.0)))
        parts.append(block)
        room -= len(block)
        if room < 0:
            file, written = _moved(file, in_file, np.concatenate(parts))
            room = in_memory if written else 1 << 62
            in_file, parts = (in_file + written, []) if written else (in_file, parts)
    rest = np.concatenate([np.zeros(0, np.float32), *parts])
    if file is None:
        scale_to_peak(rest, peak)
        return rest
    return StoredWave(file, in_file, rest, peak / loudest if loudest > 0 else 1.0)


def _moved(file: IO[bytes] | None, in_file: int, wave: np.ndarray) -> tuple[IO[bytes] | None, int]:
    """Append a wave to a temporary file; returns the file and how many samples it took: none where it is full."""
    try:
        # It is open as long as the sound is needed.
        file = file or tempfile.TemporaryFile(prefix="hallu-")  # noqa: SIM115
        file.seek(in_file * _BYTES)
        file.write(np.ascontiguousarray(wave, np.float32).data)
        file.flush()
        return file, len(wave)
    except OSError as error:
        log.warning("a long sound stays in memory: %s", error.strerror or error)
        return file if in_file else None, 0
