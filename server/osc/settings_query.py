"""What is set for sounds, for clients that follow what others change."""

import zlib
from collections.abc import Sequence

from core.commands.reading import Command
from server.osc.packet import Message, encode
from server.osc.queries import RoomContext
from server.session import Session
from server.sounds.conditions import choices_of
from server.sounds.models import facts_of

# Every whole number below this is exact as a float32, which is what Pd has.
_NUMBERS = 2**24


def settings(context: RoomContext, command: Command) -> list[Message]:
    """Describe what is set in the room, and number it; a client that knows the number gets no more than that."""
    described = _described(context.facts.session)
    number = _number(described)
    reply = Message("/sound/settings.reply", (number,))
    return [reply] if number == command.values["known"] else [reply, *described]


def _described(session: Session | None) -> list[Message]:
    if session is None or session.model is None:
        return [Message("/sound/unloaded")]
    return [*facts_of(session), *choices_of(session)]


def _number(described: Sequence[Message]) -> int:
    """A number of 1 and more that differs where the messages do, but for one case in sixteen million."""
    return 1 + zlib.crc32(b"".join(map(encode, described))) % (_NUMBERS - 1)
