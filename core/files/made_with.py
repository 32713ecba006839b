"""A note beside files that says what they were made with, so that a stopped run goes on with that, and nothing else."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.files import json_files
from core.files.atomic import write_text


def note(path: Path, what: str, settings: Mapping[str, Any]) -> None:
    """Write the note of a folder, or check that the one there says the same.

    Args:
        path: of the note, JSON.
        what: the files are, for the message.
        settings: by name, as JSON takes them.

    Raises:
        ValueError: the folder has files of other settings; the message names the first difference.
        OSError: it cannot be written to.
    """
    if not path.exists():
        write_text(path, json.dumps(settings, indent=1) + "\n")
        return
    known = json_files.read_object(path)
    for name, value in settings.items():
        if known.get(name) != value:
            raise ValueError(
                f"{path}: {what} there have {name} {known.get(name)!r:.80}, not {value!r:.80}; name another folder"
            )
