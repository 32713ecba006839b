"""Waves to WAV files in the spool folder: written under another name, renamed, kept a while, cleaned up."""

import io
import logging
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

log = logging.getLogger(__name__)

# The contract promises ten minutes after the reply; the rest is for slow writers and clocks that are set.
KEEP_S = 15 * 60
CLEAN_EVERY_S = 60.0
_OURS = re.compile(r"hallu-[0-9a-f]{16}\.wav(\.part)?")


@dataclass(frozen=True)
class SpooledWav:
    """A delivered file: absolute path with '/', length in samples, samples per second."""

    path: str
    frames: int
    sample_rate: int


class WavSpool:
    """One spool folder."""

    def __init__(self, spool: Path) -> None:
        """Make the folder where it is missing and clear what dead servers left.

        Raises:
            OSError: the folder cannot be made.
        """
        self.spool = spool.absolute()
        self.spool.mkdir(parents=True, exist_ok=True)
        self.clean()

    def deliver(self, waves: Sequence[np.ndarray], sample_rate: int, client_rate: int = 0) -> list[SpooledWav]:
        """Write one file per wave [samples]: all of them, or none.

        Args:
            waves: mono, float.
            sample_rate: theirs, in Hz.
            client_rate: resample to it; 0 leaves them as they are.

        Raises:
            OSError: the spool folder is full or cannot be written.
            ValueError: a wave holds values that are not finite.
        """
        if time.monotonic() - self._cleaned_s > CLEAN_EVERY_S:
            self.clean()
        rate = client_rate or sample_rate
        self.spool.mkdir(parents=True, exist_ok=True)
        written: list[Path] = []
        try:
            clips = []
            for wave in waves:
                path = self.spool / f"hallu-{secrets.token_hex(8)}.wav"
                written.append(path)
                frames = write_wav(path, resample(wave, sample_rate, rate), rate)
                clips.append(SpooledWav(path.as_posix(), frames, rate))
            return clips
        except BaseException:
            for path in written:
                path.unlink(missing_ok=True)
            raise

    def clean(self, now_s: float | None = None) -> None:
        """Delete files of ours that are older than KEEP_S, also those of other servers; nothing else is touched."""
        self._cleaned_s = time.monotonic()
        now_s = time.time() if now_s is None else now_s
        for path in self.spool.iterdir() if self.spool.is_dir() else ():
            if not _OURS.fullmatch(path.name):
                continue
            try:
                if now_s - path.stat().st_mtime > KEEP_S:
                    path.unlink()
            except OSError as error:
                log.debug("%s stays: %s", path, error)


def resample(wave: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    """Wave [samples] at another rate in Hz; the same array where nothing changes."""
    if rate == wanted or not len(wave):
        return wave
    return soxr.resample(wave, rate, wanted)


def write_wav(path: Path, wave: np.ndarray, sample_rate: int) -> int:
    """Write a mono 32-bit float WAV under another name and rename it, so that no reader sees half a file.

    Returns:
        Its length in samples.

    Raises:
        OSError: it cannot be written.
        ValueError: values that are not finite, which would burst in a loudspeaker.
    """
    if not np.isfinite(wave).all():
        raise ValueError("the model made values that are not finite; nothing was written")
    memory = io.BytesIO()
    soundfile.write(memory, np.asarray(wave, np.float32), sample_rate, format="WAV", subtype="FLOAT")
    write_whole(path, memory.getbuffer())
    return len(wave)


def write_whole(path: Path, data: bytes | memoryview) -> None:
    """Write a file so that it is there whole or not at all.

    Raises:
        OSError: it cannot be written; nothing is left behind.
    """
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
