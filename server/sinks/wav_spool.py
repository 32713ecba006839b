"""Deliver sounds as WAV files in a spool folder, and delete old ones."""

import logging
import os
import re
import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.audio import wav
from core.audio.live_level import held_blocks
from core.audio.resample import resample_blocks, resampled_length
from core.text import megabytes
from server.osc.clients import ClientPreferences
from server.osc.packet import Message
from server.sinks.wav_pieces import deliver_head, deliver_segment, deliver_whole
from server.sounds.rendered import Deliverable, Head, RenderedSound, Segment

log = logging.getLogger(__name__)

# Ten minutes after the reply are promised; the rest is for slow writers and clocks that are set.
KEEP_S = 15 * 60
CLEAN_EVERY_S = 60.0
# All files together, in bytes; half an hour at 192 kHz takes 1.4 GB.
LIMIT = 2 << 30
# Of a full spool only older files are deleted: a client may still be about to read the others.
YOUNG_S = 60.0
_HINT = "see hallu serve --spool-limit"
_AUDIO = "/sound/audio"
# Files of ours, recordings that a bridge sent, and what a killed server left half written: today
# (.hallu-...-....part.wav) and before (.wav.part).
_OURS = re.compile(
    r"hallu-[0-9a-f]{16}(\.wav(\.part)?|-sent\.[a-z0-9]{1,8})|"
    r"\.hallu-[0-9a-f]{16}(-sent)?-[0-9a-f]{8}\.part\.[a-z0-9]{1,8}"
)


@dataclass(frozen=True)
class SpooledWav:
    """A file in the spool folder.

    Attributes:
        path: absolute, with '/'.
        frames: its length in samples.
        sample_rate: in Hz.
    """

    path: str
    frames: int
    sample_rate: int


class _SpoolFile(NamedTuple):
    """A file, its bytes, and when it was written, in seconds since 1970."""

    path: Path
    size: int
    changed_s: float


class WavSpool:
    """One spool folder, shared by all clients on this machine."""

    def __init__(self, folder: Path, limit: int = LIMIT) -> None:
        """Create the folder if it is missing, and delete what dead servers left.

        Args:
            folder: where the files go.
            limit: bytes of all of them. Beyond it the oldest are deleted, but none that is younger than a minute.

        Raises:
            OSError: the folder cannot be created.
        """
        self.folder, self._limit = folder.absolute(), limit
        self._bytes, self._cleaned_s = 0, 0.0
        self.folder.mkdir(parents=True, exist_ok=True)
        self.clean()

    def write(
        self, waves: Sequence[np.ndarray], sample_rate: int, wanted_rate: int = 0, gains_db: Sequence[float] = ()
    ) -> list[SpooledWav]:
        """Write one file per wave [samples]: all of them, or none.

        Args:
            waves: mono, float.
            sample_rate: theirs, in Hz.
            wanted_rate: resample to it; 0 leaves them as they are.
            gains_db: what brings each wave to the common loudness, held to -1 dBFS; none leaves them as they are.

        Raises:
            OSError: the folder is full, has reached its limit, or cannot be written.
            ValueError: a wave has values that are not finite.
        """
        rate = wanted_rate or sample_rate
        self.make_room(sum(wav.file_size(resampled_length(len(wave), sample_rate, rate)) for wave in waves))
        files: list[SpooledWav] = []
        try:
            levels: Sequence[float | None] = gains_db or [None] * len(waves)
            for wave, gain_db in zip(waves, levels, strict=True):
                files.append(self._write(wave, sample_rate, rate, gain_db))
            return files
        except BaseException:
            for file in files:
                Path(file.path).unlink(missing_ok=True)
            raise

    def _write(self, wave: np.ndarray, sample_rate: int, wanted_rate: int, gain_db: float | None) -> SpooledWav:
        path = self.new_path(".wav")
        # A client reads it at once; it need not survive a power cut.
        blocks = resample_blocks(wav.blocks(wave), sample_rate, wanted_rate)
        blocks = blocks if gain_db is None else held_blocks(blocks, gain_db, wanted_rate)
        frames = wav.write_blocks(path, blocks, wanted_rate, sync=False)
        self._bytes += wav.file_size(frames)
        return SpooledWav(path.as_posix(), frames, wanted_rate)

    def sink(self, preferences: ClientPreferences) -> "WavSink":
        """What delivers sounds to a client with these preferences."""
        return WavSink(self, preferences.rate, preferences.level)

    def renew(self, files: Sequence[SpooledWav]) -> bool:
        """Let files live as long as new ones; False if one is gone."""
        try:
            for file in files:
                os.utime(file.path)
        except OSError:
            return False
        return True

    def clean(self, now_s: float | None = None) -> None:
        """Delete files of ours that are older than KEEP_S, also those of other servers; nothing else is touched."""
        self._cleaned_s = time.monotonic()
        now_s = time.time() if now_s is None else now_s
        before = self._bytes
        left = sum(self._delete(now_s - KEEP_S, file) for file in self._files())
        # What was written meanwhile may have been counted twice, until the next time.
        self._bytes += left - before

    def new_path(self, suffix: str) -> Path:
        """A path for a new file in the folder."""
        return self.folder / f"hallu-{secrets.token_hex(8)}{suffix}"

    def add(self, size: int) -> None:
        """Count a file that somebody else has written here, after `make_room`."""
        self._bytes += size

    def make_room(self, needed: int) -> None:
        """Delete the oldest files until there is room for new ones; create the folder where it is missing.

        Raises:
            OSError: there is not, even without all files that may go.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        if time.monotonic() - self._cleaned_s > CLEAN_EVERY_S:
            self._cleaned_s = time.monotonic()
            # Ten thousand files, a quarter of an hour of stream, take a tenth of a second, and somebody is playing.
            threading.Thread(target=self.clean, name="clean spool", daemon=True).start()
        if needed > self._limit:
            raise OSError(
                f"a sound of {megabytes(needed)} does not fit in the spool of {megabytes(self._limit)}; {_HINT}"
            )
        if self._bytes + needed <= self._limit:
            return
        self.clean()
        for file in sorted(self._files(), key=lambda file: file.changed_s):
            if self._bytes + needed <= self._limit:
                return
            self._bytes -= file.size - self._delete(time.time() - YOUNG_S, file)
        if self._bytes + needed > self._limit:
            raise OSError(
                f"the spool is full: {megabytes(self._bytes)} of new files, at most {megabytes(self._limit)}; {_HINT}"
            )

    def _files(self) -> Iterator[_SpoolFile]:
        """Files of ours, and of other servers, in the folder."""
        with suppress(FileNotFoundError, NotADirectoryError), os.scandir(self.folder) as entries:
            for entry in entries:
                if _OURS.fullmatch(entry.name):
                    with suppress(OSError):
                        # Another server may have deleted it.
                        stat = entry.stat()
                        yield _SpoolFile(Path(entry.path), stat.st_size, stat.st_mtime)

    @staticmethod
    def _delete(before_s: float, file: _SpoolFile) -> int:
        """Delete a file that was written before a time; returns the bytes that are left of it."""
        if file.changed_s >= before_s:
            return file.size
        try:
            file.path.unlink(missing_ok=True)
        except OSError as error:
            log.debug("%s not deleted: %s", file.path, error)
            return file.size
        return 0


@dataclass(frozen=True)
class WavSink:
    """Delivers sounds as WAV files in a spool folder; see `server.sinks.sink.Sink`.

    Attributes:
        spool: where the files go.
        rate: the client's sample rate in Hz; 0: the sound's own.
        level: bring sounds to the common loudness, held to -1 dBFS.
    """

    spool: WavSpool
    rate: int = 0
    level: bool = False

    def deliver(self, sounds: Sequence[Deliverable]) -> list[Message]:
        """Write the sounds as WAV files; a reply for each, `/sound/audio` for those that are whole.

        Raises:
            OSError: the folder is full or cannot be written.
            ValueError: a sound has values that are not finite.
        """
        whole = [sound for sound in sounds if isinstance(sound, RenderedSound) and sound.pieces is None]
        if len(whole) == len(sounds):
            return self._deliver_whole(whole)
        return [message for sound in sounds for message in self._deliver_piece(sound)]

    def withdraw(self, replies: Sequence[Message]) -> None:
        """Delete the files that these replies name."""
        for reply in replies:
            if reply.address == _AUDIO:
                Path(str(reply.args[1])).unlink(missing_ok=True)

    def _deliver_whole(self, sounds: Sequence[RenderedSound]) -> list[Message]:
        if not sounds:
            return []
        # The sounds of a command are of one model.
        gains_db = [sound.gain_db for sound in sounds] if self.level else ()
        files = self.spool.write([sound.wave for sound in sounds], sounds[0].sample_rate, self.rate, gains_db)
        pairs = zip(sounds, files, strict=True)
        return [Message(_AUDIO, (sound.target, file.path, file.frames, file.sample_rate)) for sound, file in pairs]

    def _deliver_piece(self, sound: Deliverable) -> list[Message]:
        rate = self.rate or sound.sample_rate
        if isinstance(sound, Segment):
            return deliver_segment(self.spool, rate, sound, self.level)
        if isinstance(sound, Head):
            return [deliver_head(self.spool, rate, sound, self.level)]
        if sound.pieces is None:
            return self._deliver_whole([sound])
        return [deliver_whole(self.spool, rate, sound, sound.pieces)]
