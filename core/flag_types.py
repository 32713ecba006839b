"""The types of flags that are paths or words: empty ones, as of variables of the shell without a value, are refused."""

import argparse
from pathlib import Path


def path(text: str) -> Path:
    """A path; ~ is the user's home.

    Raises:
        argparse.ArgumentTypeError: it is empty.
    """
    if not text.strip():
        raise argparse.ArgumentTypeError(f"must be a path, not {text!r}")
    return Path(text).expanduser()


def word(text: str) -> str:
    """A word as it is.

    Raises:
        argparse.ArgumentTypeError: it is empty.
    """
    if not text.strip():
        raise argparse.ArgumentTypeError(f"must not be empty: {text!r}")
    return text


def refuse_empty(parser: argparse.ArgumentParser) -> None:
    """Read arguments of type Path as `path`, and those without a type as `word`; with type=str they may be empty."""
    parser.register("type", Path, path)
    parser.register("type", None, word)
