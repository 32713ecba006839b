"""Where things are: models and patches that ship, and the user's own folder."""

from pathlib import Path

import platformdirs


def shipped(name: str) -> Path:
    """The folder "models" or "pd" that ships: in the repo of a checkout, else inside the installed package.

    Raises:
        FileNotFoundError: neither is there.
    """
    core = Path(__file__).resolve().parents[1]
    for folder in (core / "shipped" / name, core.parent / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"the shipped folder {name!r} is missing; reinstall hallu")


def data_dir() -> Path:
    """The user's own folder for models, state and audio files; it need not exist yet."""
    return platformdirs.user_data_path("hallu", appauthor=False)


def user_models() -> Path:
    """The models folder that `hallu models add` installs into."""
    return data_dir() / "models"


def default_models() -> tuple[Path, ...]:
    """The models folders that are searched when none is named: what ships, then the user's own."""
    return shipped("models"), user_models()
