"""Import TensorFlow without its libraries' notes to developers."""

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

# Printed by its libraries past Python, whatever TF_CPP_MIN_LOG_LEVEL says, each time they are loaded.
_NOTES = re.compile(
    rb"WARNING: All log messages before absl|[IW]\d{4} |E\d{4} .*cuInit|To enable the following instructions"
)


@contextmanager
def suppress_tf_logs() -> Iterator[None]:
    """Hold back what native code writes to stderr within the block, then pass it on without the notes."""
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(stderr, 2)
            os.close(stderr)
            held.seek(0)
            for line in held:
                if not _NOTES.match(line):
                    os.write(2, line)
