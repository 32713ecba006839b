"""Begin an installed command: Ctrl-C ends it in one line from here on, while its modules are still being read too.

Each command that pyproject.toml installs is an attribute of this module, by the name that a user types; it imports the
module of the command, which takes seconds on a busy machine, and calls its `main`.
"""

from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module

from core import errors

# Commands whose module has another name.
MODULES = {
    "gansynth_chop_audio": "chop_audio",
    "gansynth_dataset_report": "dataset_report",
    "gansynth_make_dataset": "make_dataset",
    "gansynth_pad_audio": "pad_audio",
    "gansynth_postprocess_model": "postprocess_model",
    "gansynth_soundfont_dataset": "soundfont_dataset",
    "gansynth_voice_report": "voice_report",
}


def module(command: str) -> str:
    """The module of an installed command."""
    return f"scripts.{MODULES.get(command, command)}"


def __getattr__(command: str) -> Callable[[], int]:
    if command.startswith("_"):
        raise AttributeError(command)
    return partial(run, command)


def run(command: str, argv: Sequence[str] | None = None) -> int:
    """Run an installed command; its exit status, see `frame.run`."""
    return errors.exit_status(lambda: _main(command, argv), command, debug=True)


def _main(command: str, argv: Sequence[str] | None) -> int:
    status: int = import_module(module(command)).main(argv)
    return status
