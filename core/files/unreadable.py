"""Why a file of sound or pictures cannot be read, where its decoder does not say it in a musician's words."""

from pathlib import Path

_WEB_PAGE = (b"<!doctype html", b"<html")
_DAMAGED = "it is damaged, or something else than its name says"
# FFmpeg's words, and those of people.
_REASONS = {
    "Invalid data found when processing input": _DAMAGED,
    "Invalid argument": _DAMAGED,
    "End of file": "it breaks off before its beginning is complete",
    "Not yet implemented in FFmpeg, patches welcome": "FFmpeg cannot decode this form of it",
}


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
    return _REASONS.get(words, words)
