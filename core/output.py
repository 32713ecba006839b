"""Standard output and error, whose reader may leave before the program ends: `hallu models | head -1`."""

import errno
import os
import select
import sys
from typing import TextIO


def flush() -> None:
    """Write what is still in the buffers.

    Raises:
        OSError: nobody reads it any longer, or the disk is full.
    """
    for stream in _streams():
        stream.flush()


def drop_unwritable() -> bool:
    """Let go nowhere what cannot be written, so that the interpreter does not complain of it at its end.

    Returns:
        Whether that is so because nobody reads it any longer.
    """
    return any([_dropped(stream) for stream in _streams()])


def _streams() -> list[TextIO]:
    # A program without a terminal may have none.
    return [stream for stream in (sys.stdout, sys.stderr) if stream is not None and not stream.closed]


def _dropped(stream: TextIO) -> bool:
    unread = _is_unread(stream)
    try:
        stream.flush()
        return unread
    except OSError as error:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        # Windows has no EPIPE.
        return error.errno in (errno.EPIPE, errno.EINVAL)


def _is_unread(stream: TextIO) -> bool:
    """Whether a stream is a pipe without a reader; False where the system cannot tell."""
    if not hasattr(select, "poll"):
        return False
    try:
        descriptor = stream.fileno()
    except OSError:
        return False
    poll = select.poll()
    poll.register(descriptor, 0)
    return any(events & select.POLLERR for _, events in poll.poll(0))
