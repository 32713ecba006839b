"""Deliver sounds as WAV files in a spool folder."""

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.audio import wav
from core.audio.live_level import held_blocks
from core.audio.resample import resample_blocks, resampled_length
from core.audio.stored_wave import Samples
from server.osc.clients import ClientPreferences
from server.osc.packet import Message
from server.rooms.names import MAIN
from server.sinks.spool_limit import LIMIT, ROOMS, SpoolLimit
from server.sinks.wav_pieces import deliver_head, deliver_segment, deliver_whole
from server.sounds.rendered import Deliverable, Head, RenderedSound, Segment

_AUDIO = "/sound/audio"
# In dB: what brings the sound that follows to -20 LUFS.
_GAIN = "/sound/gain"


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

    def __init__(self, folder: Path, limit: int = LIMIT, within: SpoolLimit | None = None) -> None:
        """Create the folder if it is missing, and delete what dead servers left.

        Args:
            folder: where the files go.
            limit: bytes of all of them. Beyond it the oldest are deleted, but none that is younger than a minute.
            within: what counts the files of this folder together with those of others; None: those of this one, and of
                its rooms.

        Raises:
            OSError: the folder cannot be created.
        """
        self.folder = folder.absolute()
        self._within = within or SpoolLimit(self.folder, limit)
        if within is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.clean()

    def __eq__(self, other: object) -> bool:
        """Whether files go to the same folder."""
        return isinstance(other, WavSpool) and (self.folder, self._within) == (other.folder, other._within)

    def __hash__(self) -> int:
        """As `__eq__`."""
        return hash((self.folder, self._within))

    def room(self, name: str) -> "WavSpool":
        """The spool of a room: a folder of its own, with its share of the limit; that of MAIN is this one."""
        return self if name == MAIN else WavSpool(self.folder / ROOMS / name, within=self._within)

    def has(self, path: Path) -> bool:
        """Whether a file is in it, or in the folder of a room."""
        return path.parent == self.folder or path.parent.parent == self.folder / ROOMS

    def write(
        self, waves: Sequence[Samples], sample_rate: int, wanted_rate: int = 0, gains_db: Sequence[float] = ()
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

    def _write(self, wave: Samples, sample_rate: int, wanted_rate: int, gain_db: float | None) -> SpooledWav:
        path = self.new_path(".wav")
        # A client reads it at once; it need not survive a power cut.
        blocks = resample_blocks(wav.blocks(wave), sample_rate, wanted_rate)
        blocks = blocks if gain_db is None else held_blocks(blocks, gain_db, wanted_rate)
        frames = wav.write_blocks(path, blocks, wanted_rate, sync=False)
        self._within.add(wav.file_size(frames))
        return SpooledWav(path.as_posix(), frames, wanted_rate)

    def sink(self, preferences: ClientPreferences) -> "WavSink":
        """What delivers sounds to a client with these preferences."""
        return WavSink(self, preferences.rate, preferences.level, preferences.gains)

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
        self._within.clean(now_s)

    def new_path(self, suffix: str) -> Path:
        """A path for a new file in the folder."""
        return self.folder / f"hallu-{secrets.token_hex(8)}{suffix}"

    def add(self, size: int) -> None:
        """Count a file that somebody else has written here, after `make_room`."""
        self._within.add(size)

    def make_room(self, needed: int) -> None:
        """Delete the oldest files until there is room for new ones; create the folder where it is missing.

        Raises:
            OSError: there is not, even without all files that may go.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._within.make_room(needed)


@dataclass(frozen=True)
class WavSink:
    """Delivers sounds as WAV files in a spool folder; see `server.sinks.sink.Sink`.

    Attributes:
        spool: where the files go.
        rate: the client's sample rate in Hz; 0: the sound's own.
        level: bring sounds to the common loudness, held to -1 dBFS.
        gains: say before each what would.
    """

    spool: WavSpool
    rate: int = 0
    level: bool = False
    gains: bool = False

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
        replies = []
        for sound, file in zip(sounds, files, strict=True):
            if self.gains:
                replies.append(Message(_GAIN, (sound.target, sound.gain_db)))
            replies.append(Message(_AUDIO, (sound.target, file.path, file.frames, file.sample_rate)))
        return replies

    def _deliver_piece(self, sound: Deliverable) -> list[Message]:
        rate = self.rate or sound.sample_rate
        if isinstance(sound, Segment):
            return deliver_segment(self.spool, rate, sound, self.level)
        if isinstance(sound, Head):
            return [deliver_head(self.spool, rate, sound, self.level)]
        if sound.pieces is None:
            return self._deliver_whole([sound])
        return [deliver_whole(self.spool, rate, sound, sound.pieces)]
