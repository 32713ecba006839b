"""Folders: the models and patches that ship, and the user's own."""

from pathlib import Path

import platformdirs


def shipped(name: str) -> Path:
    """The shipped folder "models" or "pd": in a checkout of the repository, or else in the installed package.

    Raises:
        FileNotFoundError: neither is there.
    """
    core = Path(__file__).resolve().parents[1]
    for folder in (core / "shipped" / name, core.parent / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"the shipped folder {name!r} is missing; reinstall hallu")


def data_dir() -> Path:
    """The user's folder for models, state and audio files, which may not exist yet."""
    return platformdirs.user_data_path("hallu", appauthor=False)


def user_models() -> Path:
    """The models folder that `hallu models add` installs into."""
    return data_dir() / "models"


def default_models() -> tuple[Path, ...]:
    """The models folders that are searched by default: the shipped one, then the user's own."""
    return shipped("models"), user_models()
