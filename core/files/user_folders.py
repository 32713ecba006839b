"""Folders: the models and patches that ship, and the user's own."""

import os
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


def ships(path: Path) -> bool:
    """Whether a file belongs to a model that ships; ships.txt in the models folder lists their folders.

    In a checkout, users put their own models beside them.
    """
    try:
        models = shipped("models").resolve()
        folders = (models / "ships.txt").read_text(encoding="utf-8").split()
    except FileNotFoundError:
        return False
    return any(path.resolve().is_relative_to(models / folder) for folder in folders)


def data_dir() -> Path:
    """The user's folder for models, state and audio files, which may not exist yet."""
    return platformdirs.user_data_path("hallu", appauthor=False)


def cache_dir() -> Path:
    """The user's folder for what can be computed again, which may not exist yet."""
    return platformdirs.user_cache_path("hallu", appauthor=False)


def keeps_apart(path: Path) -> bool:
    """Whether what belongs to a file or folder is kept in the user's folders: it ships, or it cannot be written."""
    folder = path if path.is_dir() else path.parent
    return ships(path) or not (os.access(path, os.W_OK) and os.access(folder, os.W_OK))


def user_models() -> Path:
    """The models folder that `hallu models add` installs into."""
    return data_dir() / "models"


def default_models() -> tuple[Path, ...]:
    """The models folders that are searched by default: the shipped one, then the user's own."""
    return shipped("models"), user_models()
