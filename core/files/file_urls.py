"""Names of files for FFmpeg."""

from pathlib import Path


def file_url(path: Path) -> str:
    """The URL of a file, to give to `av.open`: FFmpeg takes the start of a plain "Act 2: Storm.mp3" for a protocol.

    >>> file_url(Path("Act 2: Storm.mp3"))
    'file:Act 2: Storm.mp3'
    """
    return f"file:{path}"
