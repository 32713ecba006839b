"""The token of a page that other machines reach: who has the page's address may use its controls."""

import hmac
import logging
import re
import secrets
from pathlib import Path

from core import errors
from core.files import atomic
from core.files.regular import read_regular

log = logging.getLogger(__name__)

REFUSAL = "this page only shows: its controls need the address with the token that the server printed"
_TOKEN = re.compile(r"[\w-]{16,64}", re.ASCII)
_MOST_BYTES = 128


def stored(path: Path | None) -> str:
    """The token in a file, so that the address stays the same; a new one where there is none.

    Args:
        path: the file; None: nothing is kept.
    """
    token = secrets.token_urlsafe(16)
    if path is None:
        return token
    try:
        known = read_regular(path, _MOST_BYTES).decode("ascii", "replace").strip()
        if _TOKEN.fullmatch(known):
            return known
    except (OSError, ValueError) as error:
        log.debug("no token in %s: %s", path, error)
    try:
        atomic.write_text(path, token + "\n", private=True)
    except OSError as error:
        log.info("the token of the page is another one after a restart: %s", errors.sentence(error))
    return token


def matches(token: str, given: str) -> bool:
    """Whether a given token is this one; "" is no token, and lets everybody in."""
    return not token or hmac.compare_digest(token.encode(), given.encode())
