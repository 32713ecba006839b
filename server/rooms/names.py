"""Names of rooms: which there may be, and how many."""

from core.files import plain_names

# The room of the pictures and of the page; the only one where there is one.
MAIN = "main"
ELSEWHERE = "the pictures are those of the room main; go there with /room main"
LONGEST = 60
# In memory at once, besides the main one: unless --most-rooms says otherwise, and at most.
MOST_ROOMS, LIMIT_ROOMS = 64, 1024


class RoomError(ValueError):
    """A client cannot have in its room what it asks for; the message says why."""


def plain(name: str) -> str:
    """A room's name as it is kept: upper and lower case are the same, since they are in files' names on some systems.

    Raises:
        ValueError: it is not a name for a room.
    """
    return plain_names.plain("room", name.lower(), LONGEST)
