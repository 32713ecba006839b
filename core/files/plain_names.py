"""Names that no system keeps for itself, so that a file or folder of that name can be copied to any of them."""

import re
import unicodedata

_PLAIN = re.compile(r"[\w][\w .+-]*")
# Of 255 that systems allow; a temporary name beside it is longer.
_MOST_BYTES = 240
# Windows' devices, whatever follows a dot.
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


def is_device(name: str) -> bool:
    """Whether Windows takes a file's name for a device.

    >>> is_device("aux.wav"), is_device("auxiliary.wav")
    (True, False)
    """
    return bool(_DEVICE.fullmatch(name))


def refuse_device(what: str, name: str) -> None:
    """Refuse a name that Windows takes for a device, on all systems.

    Args:
        what: what is named, such as "a session".
        name: its name.

    Raises:
        ValueError: it is one.
    """
    if is_device(name):
        raise ValueError(f"{what} cannot be called {name!r:.60}: on Windows that is a device")


def plain(what: str, name: str, longest: int) -> str:
    """A name that can be a file's, letters of all scripts included, as it is kept: with accents in their letters.

    Args:
        what: what is named, such as "session".
        name: its name.
        longest: characters at most.

    Raises:
        ValueError: it is not plain, it is too long, or a device of Windows.

    >>> plain("room", "Jose\u0301", 60) == "Jos\u00e9"
    True
    """
    kept = unicodedata.normalize("NFC", name)
    # Signs of vowels follow their letter in many scripts.
    unmarked = "".join("+" if unicodedata.category(each).startswith("M") else each for each in kept)
    long = len(kept) > longest or len(kept.encode("utf-8", "replace")) > _MOST_BYTES
    if long or not _PLAIN.fullmatch(unmarked) or kept.endswith((".", " ")):
        rule = f"be plain, of at most {longest} letters, digits, spaces and -_.+"
        raise ValueError(f"a {what}'s name must {rule}, not {name!r:.60}")
    refuse_device(f"a {what}", kept)
    return kept
