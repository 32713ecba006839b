"""Errors as people read them, and the exit status of a program."""

import sys
from collections.abc import Callable

from core import output

# The last is what a shell reports of a program that SIGPIPE has ended.
OK, FAILED, WRONG_USAGE, INTERRUPTED, UNREAD = 0, 1, 2, 130, 141


class MissingPackageError(ModuleNotFoundError):
    """A package of an extra is not installed; the message says how to install it."""


def sentence(error: Exception) -> str:
    """An error as one line: an expected one says what is wrong, any other is named by its type."""
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror}"
    text = " ".join(str(error).split())
    # Python before 3.13 has no OSError for a link that leads to itself.
    loop = isinstance(error, RuntimeError) and text.startswith("Symlink loop")
    expected = loop or isinstance(error, (ValueError, OSError, MissingPackageError))
    return text if expected and text else f"{type(error).__name__}: {text} (--debug shows where)"


def exit_status(work: Callable[[], int | None], program: str, debug: bool = False) -> int:
    """Run a program's work; a failure becomes one line on stderr, with `debug` it is raised.

    Returns:
        What the work returns, or 0 for None; FAILED after an error, INTERRUPTED after Ctrl-C, UNREAD, without a word,
        when nobody reads the output any longer, as in `hallu models | head -1`.
    """
    try:
        status = work() or OK
        output.flush()
        return status
    except KeyboardInterrupt:
        print(f"{program}: interrupted", file=sys.stderr)
        return INTERRUPTED
    except SystemExit:
        # After --help.
        output.drop_unwritable()
        raise
    except Exception as error:
        if output.drop_unwritable() and isinstance(error, OSError):
            return UNREAD
        if debug:
            raise
        print(f"{program}: {sentence(error)}", file=sys.stderr)
        return FAILED
