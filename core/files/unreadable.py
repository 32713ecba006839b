"""Why a file of sound or pictures cannot be read, where its decoder does not say it in a musician's words."""

from pathlib import Path

_WEB_PAGE = (b"<!doctype html", b"<html")
# FFmpeg's words for what it does not know.
_UNKNOWN = "Invalid data found when processing input"


def reason(path: Path, words: str) -> str:
    """The reason.

    Args:
        path: the file.
        words: of its decoder, which are the reason if nothing better is found.
    """
    try:
        with path.open("rb") as file:
            start = file.read(512).strip().lower()
    except OSError:
        return words
    if not start:
        return "it is empty"
    if start.startswith(_WEB_PAGE):
        return "it is a web page, perhaps an error message of the site that it came from"
    return "it is damaged, or something else than its name says" if words == _UNKNOWN else words
