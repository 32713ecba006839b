"""Write mono WAV files, each whole or not at all."""

import io
from pathlib import Path

import numpy as np
import soundfile

from core import checks
from core.files import atomic

FULL_SCALE = 32768  # 16-bit sample values divided by it lie in -1..1


def write(path: Path, wave: np.ndarray, sample_rate: int, *, sync: bool = True) -> int:
    """Write float [samples] as a 32-bit float WAV; for `sync` see `core.files.atomic.replacing`.

    Returns:
        Its length in samples.

    Raises:
        OSError: it cannot be written.
        ValueError: a value is not finite, which would be a loud crack in a loudspeaker.
    """
    _write(path, np.asarray(checks.finite("the sound", wave), np.float32), sample_rate, "FLOAT", sync)
    return len(wave)


def write_pcm16(path: Path, wave: np.ndarray, sample_rate: int) -> None:
    """Write float [samples] as a 16-bit WAV; values beyond full scale are clipped.

    Raises:
        OSError: it cannot be written.
    """
    values = np.clip(np.rint(wave * np.float32(FULL_SCALE)), -FULL_SCALE, FULL_SCALE - 1)
    _write(path, values.astype(np.int16), sample_rate, "PCM_16")


def _write(path: Path, values: np.ndarray, sample_rate: int, subtype: str, sync: bool = True) -> None:
    memory = io.BytesIO()
    soundfile.write(memory, values, sample_rate, format="WAV", subtype=subtype)
    atomic.write_bytes(path, memory.getbuffer(), sync=sync)
