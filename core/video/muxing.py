"""Give a film another sound; its pictures are copied as they are."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from core.audio.blocks import AudioSource
from core.files import atomic
from core.files.file_urls import file_url
from core.files.media import check_media
from core.video.sound_track import SoundTrack

if TYPE_CHECKING:
    import av

SUFFIXES = (".mp4", ".mkv", ".mov")
# FFmpeg waits for no more packets before it knows when they are decoded, by far.
_MOST_WITHOUT = 64


def with_sound(film: Path, out: Path, sound: AudioSource) -> None:
    """Write a film again with this sound in the place of its own; the file is there complete, or not at all.

    Args:
        film: a file that FFmpeg reads.
        out: a path that ends in one of SUFFIXES.
        sound: cut, or padded with silence, to the length of the pictures.

    Raises:
        ValueError: the film cannot be read, or its pictures cannot be in such a file.
        OSError: the file cannot be written.
    """
    import av

    check_media(film)
    with atomic.replacing(out) as part:
        try:
            _copy(film, part, sound)
        except av.FFmpegError as error:
            raise ValueError(f"the pictures of {film} cannot be copied into {out.name}: {error.strerror}") from None


def _copy(film: Path, out: Path, sound: AudioSource) -> None:
    import av

    options = {} if out.suffix == ".mkv" else {"movflags": "+faststart"}
    with (
        av.open(file_url(film), metadata_errors="replace", options={"protocol_whitelist": "file"}) as source,
        av.open(file_url(out), "w", options=options) as copy,
    ):
        if not source.streams.video:
            raise ValueError(f"there are no pictures in {film}")
        shown = source.streams.video[0]
        try:
            target = copy.add_stream_from_template(shown)
        except ValueError as error:
            raise ValueError(f"the pictures of {film} cannot be copied into {out.suffix}: {error}") from None
        track = SoundTrack(copy, sound)
        first, end_s = None, Fraction(0)
        for packet in _with_decoding_times(source.demux(shown)):
            # Pictures and sound begin together.
            begin = packet.dts if packet.pts is None else packet.pts
            first = begin if first is None else first
            end_s = max(end_s, (begin + (packet.duration or 0) - first) * packet.time_base)
            packet.pts, packet.dts = begin - first, packet.dts - first
            packet.stream = target
            copy.mux(packet)
            track.go_to(end_s)
        if first is None:
            raise ValueError(f"no picture of {film} says when it is shown")
        track.finish()


def _with_decoding_times(packets: "Iterable[av.Packet]") -> "Iterator[av.Packet]":
    """Packets that say when they are decoded; Matroska says it not of the first ones, the key frame among them.

    Packets without any time are left out, like the empty one at the end.
    """
    held: list[av.Packet] = []
    last: int | None = None
    for packet in packets:
        if packet.time_base is None or (packet.pts is None and packet.dts is None):
            continue
        if last is None:
            held.append(packet)
            if packet.dts is None and len(held) < _MOST_WITHOUT:
                continue
            _fill(held)
            yield from held[:-1]
            held = []
        elif packet.dts is None:
            packet.dts = last + 1
        last = packet.dts
        yield packet
    _fill(held)
    yield from held


def _fill(packets: "list[av.Packet]") -> None:
    """Give packets times of decoding: each before the next one's, and none after it is shown."""
    after: int | None = None
    for packet in reversed(packets):
        if packet.dts is None:
            assert packet.pts is not None
            packet.dts = packet.pts if after is None else min(packet.pts, after - max(packet.duration or 0, 1))
        after = packet.dts
