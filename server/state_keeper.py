"""Keeps the session in its file, as far as that is possible: a server that cannot save plays on, and says so."""

import logging
import threading
from pathlib import Path

from core import errors
from core.files import atomic
from core.files.locks import HeldError, Lock
from server import state_file
from server.session import Session
from server.state_file import SavedSession

log = logging.getLogger(__name__)

# A disk takes up to a tenth of a second: nobody who plays waits for it.
SYNC_AFTER_S = 1.0


class StateKeeper:
    """One state file. Not thread-safe, but `problem` may be read from any thread.

    Attributes:
        restored: what the file held at the start; None: nothing.
        problem: why nothing can be saved at present; "": all is saved.
    """

    def __init__(self, path: Path, sync_after_s: float = SYNC_AFTER_S) -> None:
        """Read the file if there is one; one that is broken, or of a newer version, is set aside.

        Args:
            path: of the file.
            sync_after_s: a power cut loses no more than what was saved in so many seconds before.
        """
        self._path, self._sync_after_s = path, sync_after_s
        self.restored: SavedSession | None = None
        self.problem = ""
        # A file that can be neither read nor set aside is not overwritten.
        self._kept_away = False
        self._syncing: threading.Timer | None = None
        try:
            self.restored = state_file.restore(path)
        except OSError as error:
            self._kept_away = True
            self._report(error)

    def save(self, session: Session) -> None:
        """Save a session; if that fails, `problem` says why, and so does the log, once.

        The file survives the end of this process at once, and a power cut from `sync_after_s` on.
        """
        if self._kept_away:
            return
        try:
            state_file.save(self._path, SavedSession.of(session), sync=False)
        except OSError as error:
            self._report(error)
            return
        if self.problem:
            log.info("the state is saved again, in %s", self._path)
        self.problem = ""
        if not (self._syncing and self._syncing.is_alive()):
            self._syncing = threading.Timer(self._sync_after_s, self._sync)
            self._syncing.daemon = True
            self._syncing.start()

    def _sync(self) -> None:
        try:
            atomic.sync_file(self._path)
        except OSError as error:
            log.debug("%s: %s", self._path, error)

    def retry(self, session: Session) -> None:
        """Save the session if that has failed before."""
        if self.problem:
            self.save(session)

    def _report(self, error: OSError) -> None:
        if not self.problem:
            log.warning("the state cannot be saved, playing on: %s", errors.sentence(error))
        self.problem = errors.sentence(error)


def lock(path: Path, holder: str) -> Lock | None:
    """Take a state file for one server, until it ends.

    Args:
        path: the state file.
        holder: what another server reports about who has it.

    Returns:
        The lock; None where the folder takes none, so that nothing can be saved there either.

    Raises:
        OSError: another server has the file.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return Lock(path.with_name(f".{path.name}.lock"), holder)
    except HeldError as held:
        raise OSError(f"{path} is the state of {held.holder}; name another file with --state") from None
    except OSError as error:
        log.debug("%s is not locked: %s", path, error)
        return None
