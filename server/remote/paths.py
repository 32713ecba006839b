"""Which arguments and replies of the command table are paths of files, and which the page's address."""

from core.commands.live import LIVE_COMMANDS
from core.commands.spec import Executor, Spec
from core.commands.table import COMMANDS, TABLE

_PATH, _PAGE = "path", "page"
# Besides what the engine does not execute: what is played now. A stream lasts.
_LIVE = frozenset(spec.address for spec in LIVE_COMMANDS) - {"/sound/stream"}


def path_argument(address: str) -> int | None:
    """The place of the argument that is a path on the client's machine; None: the command has none.

    >>> path_argument("/sound/match"), path_argument("/sound/load")
    (1, None)
    """
    spec = COMMANDS.get(address)
    return next((place for place, arg in enumerate(spec.args if spec else ()) if arg.name == _PATH), None)


def _places(word: str) -> dict[str, int]:
    found = {}
    for spec in TABLE:
        for reply in (*spec.replies, *spec.later):
            address, *names = reply.split()
            if word in names:
                found[address] = names.index(word)
    return found


# By the address of a reply: the place of a path, and of the page's address.
PATHS, PAGES = _places(_PATH), _places(_PAGE)


def waits(spec: Spec | None) -> bool:
    """Whether a request waits while the line is cut; what is played or asked now would come too late."""
    return spec is not None and spec.executor is Executor.ENGINE and spec.address not in _LIVE
