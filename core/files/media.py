"""Check films and sounds before FFmpeg opens them: it follows playlists to any file that they name."""

from pathlib import Path

from core.files.regular import open_regular

_HEAD = 4096
# HLS and FFmpeg's own lists begin so; DASH, IMF, Smooth Streaming and session descriptions have these in their text.
_STARTS = (b"#extm3u", b"ffconcat", b"[playlist]")
_WITHIN = (b"<mpd", b"<compositionplaylist", b"<smoothstreamingmedia", b"\nc=in ")


def check_media(path: Path) -> None:
    """Check that a file is regular, and no playlist: one that somebody sends may name files of this machine.

    Raises:
        FileNotFoundError: the file does not exist.
        ValueError: it is a folder, a pipe, a socket, a device, or a playlist.
    """
    with open_regular(path) as file:
        head = file.read(_HEAD).lower()
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith(_STARTS) or (b"\0" not in head and any(word in head for word in _WITHIN)):
        raise ValueError(f"{path} is a playlist, which names other files; name one of those")
