"""Waves to WAV files in the spool folder: written under another name, renamed, kept a while, cleaned up."""

import logging
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.audio import wav
from core.audio.resample import resample

log = logging.getLogger(__name__)

# The contract promises ten minutes after the reply; the rest is for slow writers and clocks that are set.
KEEP_S = 15 * 60
CLEAN_EVERY_S = 60.0
# Files of ours, and what a killed server left half written: today (.hallu-...-....part.wav) and before (.wav.part).
_OURS = re.compile(r"hallu-[0-9a-f]{16}\.wav(\.part)?|\.hallu-[0-9a-f]{16}-[0-9a-f]{8}\.part\.wav")


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
                frames = wav.write(path, resample(wave, sample_rate, rate), rate)
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
