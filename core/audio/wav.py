"""Write mono WAV files, each whole or not at all."""

import io
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import soundfile

from core import checks
from core.audio.stored_wave import Samples
from core.files import atomic

FULL_SCALE = 32768  # 16-bit sample values divided by it lie in -1..1
# Bytes before the first sample in the files of `write`.
HEADER_BYTES = 58
_FLOAT_FORMAT, _SAMPLE_BYTES = 3, 4
_MOST_SAMPLES = (2**32 - 1 - HEADER_BYTES) // _SAMPLE_BYTES
_BLOCK = 1 << 18


def write(path: Path, wave: Samples, sample_rate: int, *, sync: bool = True) -> int:
    """Write float [samples] as a 32-bit float WAV; for `sync` see `core.files.atomic.replacing`.

    Returns:
        Its length in samples.

    Raises:
        OSError: it cannot be written.
        ValueError: a value is not finite, which would be a loud crack in a loudspeaker.
    """
    return write_blocks(path, blocks(wave), sample_rate, sync=sync)


def write_blocks(path: Path, waves: Iterable[np.ndarray], sample_rate: int, *, sync: bool = True) -> int:
    """Write the blocks of a sound as one WAV, as `write` does; only one of them needs to be in memory."""
    length = 0
    with atomic.replacing(path, sync=sync) as part, part.open("wb") as file:
        file.write(_float_header(0, sample_rate))
        for wave in waves:
            values = np.asarray(checks.finite("the sound", wave), "<f4")
            length += len(values)
            if length > _MOST_SAMPLES:
                raise ValueError(f"a WAV file holds at most {_MOST_SAMPLES} samples")
            file.write(np.ascontiguousarray(values).data)
        file.seek(0)
        file.write(_float_header(length, sample_rate))
    return length


def blocks(wave: Samples) -> Iterator[np.ndarray]:
    """Parts of a wave [samples], one after the other."""
    return (wave[start : start + _BLOCK] for start in range(0, len(wave), _BLOCK))


def file_size(samples: int) -> int:
    """Bytes of the file that `write` makes of so many samples."""
    return HEADER_BYTES + _SAMPLE_BYTES * samples


def _float_header(samples: int, sample_rate: int) -> bytes:
    """The start of a mono WAV of 32-bit floats: the chunks "fmt " and "fact", and the head of "data"."""
    size = _SAMPLE_BYTES * samples
    form = struct.pack("<HHIIHHH", _FLOAT_FORMAT, 1, sample_rate, _SAMPLE_BYTES * sample_rate, _SAMPLE_BYTES, 32, 0)
    fact = struct.pack("<4sII", b"fact", 4, samples)
    head = b"WAVE" + struct.pack("<4sI", b"fmt ", len(form)) + form + fact + struct.pack("<4sI", b"data", size)
    return struct.pack("<4sI", b"RIFF", len(head) + size) + head


def write_pcm16(path: Path, wave: np.ndarray, sample_rate: int) -> None:
    """Write float [samples] as a 16-bit WAV; values beyond full scale are clipped.

    Raises:
        OSError: it cannot be written.
    """
    values = np.clip(np.rint(wave * np.float32(FULL_SCALE)), -FULL_SCALE, FULL_SCALE - 1)
    memory = io.BytesIO()
    soundfile.write(memory, values.astype(np.int16), sample_rate, format="WAV", subtype="PCM_16")
    atomic.write_bytes(path, memory.getbuffer())
