"""Deliver sounds as WAV files in a spool folder, and delete old ones."""

import logging
import os
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.audio import wav
from core.audio.resample import resample
from server.osc.clients import ClientPreferences
from server.osc.packet import Message
from server.sinks.wav_pieces import deliver_head, deliver_segment, deliver_whole
from server.sounds.rendered import Deliverable, Head, RenderedSound, Segment

log = logging.getLogger(__name__)

# Ten minutes after the reply are promised; the rest is for slow writers and clocks that are set.
KEEP_S = 15 * 60
CLEAN_EVERY_S = 60.0
_AUDIO = "/sound/audio"
# Files of ours, and what a killed server left half written: today (.hallu-...-....part.wav) and before (.wav.part).
_OURS = re.compile(r"hallu-[0-9a-f]{16}\.wav(\.part)?|\.hallu-[0-9a-f]{16}-[0-9a-f]{8}\.part\.wav")


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


class WavSpool:
    """One spool folder, shared by all clients on this machine."""

    def __init__(self, folder: Path) -> None:
        """Create the folder if it is missing, and delete what dead servers left.

        Raises:
            OSError: the folder cannot be created.
        """
        self.folder = folder.absolute()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.clean()

    def write(self, waves: Sequence[np.ndarray], sample_rate: int, wanted_rate: int = 0) -> list[SpooledWav]:
        """Write one file per wave [samples]: all of them, or none.

        Args:
            waves: mono, float.
            sample_rate: theirs, in Hz.
            wanted_rate: resample to it; 0 leaves them as they are.

        Raises:
            OSError: the folder is full or cannot be written.
            ValueError: a wave has values that are not finite.
        """
        if time.monotonic() - self._cleaned_s > CLEAN_EVERY_S:
            self.clean()
        self.folder.mkdir(parents=True, exist_ok=True)
        files: list[SpooledWav] = []
        try:
            for wave in waves:
                files.append(self._write(wave, sample_rate, wanted_rate or sample_rate))
            return files
        except BaseException:
            for file in files:
                Path(file.path).unlink(missing_ok=True)
            raise

    def _write(self, wave: np.ndarray, sample_rate: int, wanted_rate: int) -> SpooledWav:
        path = self.folder / f"hallu-{secrets.token_hex(8)}.wav"
        # A client reads it at once; it need not survive a power cut.
        frames = wav.write(path, resample(wave, sample_rate, wanted_rate), wanted_rate, sync=False)
        return SpooledWav(path.as_posix(), frames, wanted_rate)

    def sink(self, preferences: ClientPreferences) -> "WavSink":
        """What delivers sounds to a client with these preferences."""
        return WavSink(self, preferences.rate)

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
        for path in self.folder.iterdir() if self.folder.is_dir() else ():
            if not _OURS.fullmatch(path.name):
                continue
            try:
                if now_s - path.stat().st_mtime > KEEP_S:
                    path.unlink()
            except OSError as error:
                log.debug("%s not deleted: %s", path, error)


@dataclass(frozen=True)
class WavSink:
    """Delivers sounds as WAV files in a spool folder; see `server.sinks.sink.Sink`.

    Attributes:
        spool: where the files go.
        rate: the client's sample rate in Hz; 0: the sound's own.
    """

    spool: WavSpool
    rate: int = 0

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
        files = self.spool.write([sound.wave for sound in sounds], sounds[0].sample_rate, self.rate)
        pairs = zip(sounds, files, strict=True)
        return [Message(_AUDIO, (sound.target, file.path, file.frames, file.sample_rate)) for sound, file in pairs]

    def _deliver_piece(self, sound: Deliverable) -> list[Message]:
        rate = self.rate or sound.sample_rate
        if isinstance(sound, Segment):
            return deliver_segment(self.spool, rate, sound)
        if isinstance(sound, Head):
            return [deliver_head(self.spool, rate, sound)]
        if sound.pieces is None:
            return self._deliver_whole([sound])
        return [deliver_whole(self.spool, rate, sound, sound.pieces)]
