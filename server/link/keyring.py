"""Who may connect to the ports for renderers: the server's own keys, and the keys that it has given out."""

import logging
from pathlib import Path

from core import errors
from core.files import atomic, json_files
from core.files.plain_names import refuse_device
from core.files.regular import read_regular
from renderer.ipc import keys
from renderer.ipc.keys import LinkKeys

log = logging.getLogger(__name__)

_SERVER, _CLIENTS, _SUFFIX = "server.json", "clients", ".public"
_KEY_BYTES = 64
# In letters of up to four bytes, of which file systems allow 255.
_LONGEST_NAME = 60


class Keyring:
    """The keys in one folder: the server's pair, and the public key of each client by its name.

    Attributes:
        unstored: why the server's pair cannot be stored; "": it is.
    """

    def __init__(self, folder: Path) -> None:
        """Read the server's keys, or make them; where they cannot be written, they last as long as this object."""
        self._clients = folder / _CLIENTS
        self._started: set[bytes] = set()
        self.public, self.secret, self.unstored = _own(folder / _SERVER)

    def new(self) -> LinkKeys:
        """Keys for a renderer that this server starts; they are not stored."""
        public, secret = keys.pair()
        self._started.add(public.encode())
        return LinkKeys(self.public, public, secret)

    def check(self, name: str) -> None:
        """Check that a client may be called so.

        Raises:
            ValueError: it is not a plain name.
        """
        self._path(name)

    def add(self, name: str) -> LinkKeys:
        """Make keys for a client elsewhere; only its public key is stored here.

        Raises:
            FileExistsError: there are keys of this name already.
            ValueError: it is not a plain name.
            OSError: they cannot be stored.
        """
        path = self._path(name)
        if path.exists():
            raise FileExistsError(f"there are keys for {name!r} already; remove them first: hallu keys remove {name}")
        public, secret = keys.pair()
        atomic.write_text(path, public + "\n")
        return LinkKeys(self.public, public, secret)

    def remove(self, name: str) -> None:
        """Let the client of this name connect no longer.

        Raises:
            FileNotFoundError: there are no keys of this name; the message lists those that there are.
            ValueError: it is not a plain name.
        """
        try:
            self._path(name).unlink()
        except FileNotFoundError:
            known = ", ".join(self.names()) or "none"
            raise FileNotFoundError(f"there are no keys for {name!r}; there are: {known}") from None

    def names(self) -> dict[str, str]:
        """The public key of each client, by name."""
        found = {}
        for path in sorted(self._clients.glob(f"*{_SUFFIX}")):
            try:
                text = read_regular(path, _KEY_BYTES).decode().strip()
                found[path.name.removesuffix(_SUFFIX)] = keys.check_key("the key", text)
            except (OSError, ValueError) as error:
                log.warning("a key is left out: %s: %s", path, error)
        return found

    def allows(self, public: bytes) -> bool:
        """Whether a client with this public key (Z85) may connect; keys that were added meanwhile count."""
        return public in self._started or public.decode("ascii", "replace") in self.names().values()

    def _path(self, name: str) -> Path:
        plain = name and not name.startswith(".") and all(letter.isalnum() or letter in "-_." for letter in name)
        if not plain or len(name) > _LONGEST_NAME:
            raise ValueError(f"a name must be of at most {_LONGEST_NAME} letters, digits and -_., not {name!r:.60}")
        refuse_device("keys", name)
        return self._clients / f"{name}{_SUFFIX}"


def _own(path: Path) -> tuple[str, str, str]:
    """The server's public and secret key, and why they cannot be stored.

    Raises:
        ValueError: the file holds something else.
    """
    if path.exists():
        values = json_files.read_object(path)
        keys.warn_if_shared(path)
        return (
            keys.check_key(f"{path}: public", values.get("public")),
            keys.check_key("secret", values.get("secret")),
            "",
        )
    public, secret = keys.pair()
    try:
        atomic.write_text(path, f'{{"public": "{public}", "secret": "{secret}"}}\n', private=True)
    except OSError as error:
        return public, secret, errors.sentence(error)
    return public, secret, ""
