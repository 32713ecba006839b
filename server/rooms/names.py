"""Names of rooms: which there may be."""

import re

from core.files.plain_names import refuse_device

# The room of the pictures and of the page; the only one where there is one.
MAIN = "main"
ELSEWHERE = "the pictures are those of the room main; go there with /room main"
# In bytes at most what a file's name may have.
LONGEST = 60
_PLAIN = re.compile(rf"[\w][\w .+-]{{0,{LONGEST - 1}}}")


class RoomError(ValueError):
    """A client cannot have in its room what it asks for; the message says why."""


def plain(name: str) -> str:
    """A room's name as it is kept: upper and lower case are the same, since they are in files' names on some systems.

    Raises:
        ValueError: it is not a name for a room.
    """
    kept = name.lower()
    if not _PLAIN.fullmatch(kept) or name.endswith((".", " ")):
        rule = f"be plain, of at most {LONGEST} letters, digits, spaces and -_.+"
        raise ValueError(f"a room's name must {rule}, not {name!r:.60}")
    refuse_device("a room", name)
    return kept
