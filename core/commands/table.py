"""The command table.

It drives parsing in the server and in the renderer, `hallu send --list`, docs/osc.md, and the checks on pd/. A new
command is one row here and one function in server/sounds/ or renderer/live/.
"""

from core.commands.image import IMAGE_COMMANDS
from core.commands.server import PLAYING_COMMANDS, SERVER_COMMANDS
from core.commands.session import SESSION_COMMANDS
from core.commands.sound import SOUND_COMMANDS

TABLE = (*SERVER_COMMANDS, *SOUND_COMMANDS, *PLAYING_COMMANDS, *SESSION_COMMANDS, *IMAGE_COMMANDS)

COMMANDS = {spec.address: spec for spec in TABLE}

# A reply that comes in (from another server, or from a port of our own) is never answered: that would not end.
# /sound/edits is both; as a reply it has too many arguments for a command, so it gets one /fail, and there it ends.
REPLIES = frozenset(reply.split()[0] for spec in TABLE for reply in (*spec.replies, *spec.later)) - COMMANDS.keys() | {
    "/done",
    "/fail",
}
