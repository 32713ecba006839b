"""TOML as plain values, one reader for all settings: memory and time in proportion to the text."""

import sys
from typing import Any

# Nobody writes longer ones. Each dot of a key opens a table, and a parser keeps all of them for each.
_MOST_LETTERS, _MOST_DOTS = 2**20, 32


def parse(text: str) -> dict[str, Any]:
    """The values of a text in TOML.

    Raises:
        ValueError: it is not TOML, is longer than a megabyte, or has a key with more than 32 dots.
    """
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    if len(text) > _MOST_LETTERS:
        raise ValueError(f"it has {len(text)} letters, more than {_MOST_LETTERS}")
    if any(line.count(".") > _MOST_DOTS and _dots_of_key(line) > _MOST_DOTS for line in text.splitlines()):
        raise ValueError(f"a key has more than {_MOST_DOTS} dots")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def _dots_of_key(line: str) -> int:
    """The longest row of names with dots between them: numbers in a list have commas and spaces there, too."""
    longest = row = 0
    for part in line.split("."):
        name = part.strip()
        row = row + 1 if name and not set(name) & set(",=[]{}# \t") else 0
        longest = max(longest, row)
    return longest
