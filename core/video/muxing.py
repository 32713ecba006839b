"""Give a film another sound; its pictures are copied as they are."""

from fractions import Fraction
from pathlib import Path

from core.audio.blocks import AudioSource
from core.files import atomic
from core.files.file_urls import file_url
from core.files.regular import check_regular
from core.video.sound_track import SoundTrack

SUFFIXES = (".mp4", ".mkv", ".mov")


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

    check_regular(film)
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
        target = copy.add_stream_from_template(shown)
        track = SoundTrack(copy, sound)
        first, end_s = None, Fraction(0)
        for packet in source.demux(shown):
            if packet.dts is None or packet.time_base is None:
                continue
            # Pictures and sound begin together.
            begin = packet.pts if packet.pts is not None else packet.dts
            first = begin if first is None else first
            end_s = max(end_s, (begin + (packet.duration or 0) - first) * packet.time_base)
            packet.pts, packet.dts = begin - first, packet.dts - first
            packet.stream = target
            copy.mux(packet)
            track.go_to(end_s)
        track.finish()
