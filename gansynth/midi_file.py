"""Read notes and tempos of a standard MIDI file, also of a damaged one, as far as it can be read.

All else in it (key and time signatures, SMPTE offsets, names, system messages) is skipped and never looked at.
"""

import struct
from dataclasses import dataclass, field

_HEADER, _HEADER_END, _TRACK = b"MThd", 14, b"MTrk"
# Programs for transport put up to so many bytes of their own before a file.
_LATEST_HEADER = 1024
# Bytes from here on are the status of a message; those below are its data.
_STATUS, _MOST_DATA = 0x80, 0x7F
_META, _END_OF_TRACK, _SET_TEMPO = 0xFF, 0x2F, 0x51
_SYSTEM_EXCLUSIVE = (0xF0, 0xF7)
_SYSTEM = range(0xF0, 0xFF)
# How much data the other system messages have, if any.
_SYSTEM_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1}
# Upper halves of the status of channel messages. Program changes and channel pressures have one byte of data.
_NOTE_OFF, _NOTE_ON, _ONE_BYTE = 0x8, 0x9, (0xC, 0xD)


@dataclass(frozen=True)
class NoteEvent:
    """The start of a note, or with velocity 0 its end; the time is in ticks from the start of the file."""

    tick: int
    channel: int
    pitch: int
    velocity: int


@dataclass(frozen=True)
class TempoEvent:
    """The length of a beat from a tick on, in microseconds."""

    tick: int
    beat_us: int


@dataclass
class MidiFile:
    """What was read.

    Attributes:
        kind: 0, one track; 1, tracks that sound together; 2, separate sequences.
        division: ticks per beat; negative: the file counts in film frames (see `frame_ticks`).
        tracks: how many were found.
        events: by time.
        end_tick: the end of the longest track.
        skipped: what could not be read, in words.
    """

    kind: int
    division: int
    tracks: int = 0
    events: list[NoteEvent | TempoEvent] = field(default_factory=list)
    end_tick: int = 0
    skipped: list[str] = field(default_factory=list)

    @property
    def frame_ticks(self) -> tuple[int, int]:
        """Film frames per second (29 stands for 29.97), and ticks per frame, of a file that counts in them."""
        return -(self.division >> 8), self.division & 0xFF


def parse(data: bytes) -> MidiFile:
    """Read the content of a MIDI file, also of one in a RIFF file (RMID).

    Raises:
        ValueError: it is not a MIDI file; the message is the reason.
    """
    content = _unwrapped(data)
    if not content.startswith(_HEADER) or len(content) < _HEADER_END:
        raise ValueError("it does not begin with the header of one")
    header_size, kind, claimed, division = struct.unpack_from(">LHHh", content, len(_HEADER))
    file = MidiFile(kind, division)
    place = 8 + header_size
    if not _chunk_at(content, place):  # The size of the header was wrong.
        place = _next_track(content, _HEADER_END)
    while place + 8 <= len(content):
        name, size = struct.unpack_from(">4sL", content, place)
        if name == _TRACK:
            file.tracks += 1
            place = _read_track(file, content, place + 8, size)
        elif name.isalnum():
            file.skipped.append(f"an unknown part, {name.decode()}")
            place += 8 + size
        else:  # A size was wrong.
            place = _next_track(content, place)
    if file.tracks < claimed:
        file.skipped.append(f"{claimed - file.tracks} of {claimed} tracks, which are missing")
    file.events.sort(key=lambda event: event.tick)
    return file


def _unwrapped(data: bytes) -> bytes:
    """The MIDI file in a RIFF file, whose lengths are little-endian, or behind some other bytes; else the data."""
    place = 12 if data[:4] == b"RIFF" and data[8:12] == b"RMID" else len(data)
    while place + 8 <= len(data):
        end = place + 8 + int.from_bytes(data[place + 4 : place + 8], "little")
        if data[place : place + 4] == b"data" and data.startswith(_HEADER, place + 8, end):
            return data[place + 8 : end]
        place = end + end % 2
    return data[max(data.find(_HEADER, 0, _LATEST_HEADER), 0) :]


def _chunk_at(content: bytes, place: int) -> bool:
    """Whether a part of the file begins at a place, or the file ends there."""
    return place == len(content) or content[place : place + 4].isalnum()


def _next_track(content: bytes, place: int) -> int:
    """Where the next track begins, or the end of the file."""
    found = content.find(_TRACK, place)
    return len(content) if found < 0 else found


def _read_track(file: MidiFile, content: bytes, begin: int, size: int) -> int:
    """Add the events of a track to a file; returns where the next part begins."""
    end = min(begin + size, len(content))
    # A track that claims to be shorter than it is goes on to the next one; one that claims to be longer ends by itself.
    reader = _Reader(content, begin, end if _chunk_at(content, end) else _next_track(content, end))
    try:
        _read_events(file, reader)
    except _DamagedError:
        file.skipped.append(f"the rest of track {file.tracks}, which is damaged")
    return reader.place if content.startswith(_TRACK, reader.place) else max(end, reader.place)


class _DamagedError(Exception):
    """The bytes that follow are not those of a MIDI message, or they break off."""


class _Reader:
    """The bytes from a place to an end; its methods raise _DamagedError where too few are left."""

    def __init__(self, content: bytes, place: int, end: int) -> None:
        self._content, self.place, self._end = content, place, end

    @property
    def at_end(self) -> bool:
        return self.place >= self._end

    def take(self, count: int) -> bytes:
        if self.place + count > self._end:
            raise _DamagedError
        self.place += count
        return self._content[self.place - count : self.place]

    def byte(self) -> int:
        return self.take(1)[0]

    def number(self) -> int:
        """A number of one to four bytes, seven bits in each, the highest first."""
        value = 0
        for _ in range(4):
            byte = self.byte()
            value = value << 7 | byte & 0x7F
            if byte < _STATUS:
                return value
        raise _DamagedError


def _read_events(file: MidiFile, reader: _Reader) -> None:
    tick, running = 0, 0
    while not reader.at_end:
        tick += reader.number()
        file.end_tick = max(file.end_tick, tick)
        status, first = reader.byte(), b""
        if status < _STATUS:
            # Running status: the status of the last channel message, also past messages of other kinds.
            status, first = running, bytes([status])
        if status < _STATUS:
            raise _DamagedError
        if status == _META:
            if _read_meta(file, reader, tick):
                return
        elif status in _SYSTEM_EXCLUSIVE:
            reader.take(reader.number())
        elif status in _SYSTEM:
            reader.take(_SYSTEM_BYTES.get(status, 0))
        else:
            running = status
            _read_channel_message(file, reader, tick, status, first)


def _read_meta(file: MidiFile, reader: _Reader, tick: int) -> bool:
    """Read a meta message; whether it ends the track."""
    kind = reader.byte()
    content = reader.take(reader.number())
    if kind == _SET_TEMPO and (beat_us := int.from_bytes(content, "big")):
        file.events.append(TempoEvent(tick, beat_us))
    return kind == _END_OF_TRACK


def _read_channel_message(file: MidiFile, reader: _Reader, tick: int, status: int, first: bytes) -> None:
    kind, channel = status >> 4, status & 0xF
    data = first + reader.take((1 if kind in _ONE_BYTE else 2) - len(first))
    if kind in (_NOTE_ON, _NOTE_OFF):
        pitch, velocity = (min(byte, _MOST_DATA) for byte in data)
        file.events.append(NoteEvent(tick, channel, pitch, velocity if kind == _NOTE_ON else 0))
