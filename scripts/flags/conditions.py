"""The flag --condition NAME=VALUE."""

import argparse
from collections.abc import Iterable

from gansynth.conditions import ConditionValue, value_of

Words = tuple[str, tuple[str, ...]]


def add(parser: argparse.ArgumentParser) -> None:
    """Add the flag; `wanted` reads what it leaves in options.condition."""
    parser.add_argument(
        "--condition",
        type=_words,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a condition of the notes besides their pitch, for models that were trained with conditions, such as"
        " family=brass or qualities=bright,reverb; once for each condition (hallu models shows a model's)",
    )


def wanted(given: Iterable[Words]) -> dict[str, ConditionValue]:
    """The conditions by name; of one that is given twice, all values."""
    words: dict[str, tuple[str, ...]] = {}
    for name, values in given:
        words[name] = words.get(name, ()) + values
    return {name: value_of(values) for name, values in words.items()}


def _words(text: str) -> Words:
    name, equals, values = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"must be NAME=VALUE, such as family=brass, not {text!r}")
    return name, tuple(filter(None, values.split(",")))
