"""Classes of an image model, by number or by name."""

import difflib
from collections.abc import Sequence

import numpy as np

from core import checks
from renderer.sound_to_image import PITCHES


def draw(num_classes: int, rng: np.random.Generator, count: int | None = None) -> tuple[int, ...]:
    """Different random classes.

    Args:
        num_classes: of the model; 0: none are drawn.
        rng: where they come from.
        count: how many; None: as many as there are pitches, or all where the model has fewer.

    Raises:
        ValueError: the model does not have as many.
    """
    wanted = min(PITCHES, num_classes) if count is None else count
    if wanted > num_classes:
        has = f"has only {num_classes}" if num_classes else "has no classes"
        raise ValueError(f"num_classes is {wanted}, but the model {has}")
    return tuple(int(one) for one in rng.choice(num_classes, wanted, replace=False)) if num_classes else ()


def default(num_classes: int) -> tuple[int, ...]:
    """The classes that are shown where none are chosen: the same in every session and every video."""
    return draw(num_classes, np.random.default_rng(0))


def find(wanted: Sequence[str | int], names: Sequence[str]) -> tuple[int, ...]:
    """The numbers of classes that are given as numbers or names.

    A name may be any of a class's own (as in "tench, Tinca tinca"), in any case, with - or _ for spaces; or a part that
    only one class has.

    Args:
        wanted: numbers and names.
        names: of all classes; none: the model has no classes.

    Raises:
        ValueError: there is no such class, more than one, or one is given twice.
    """
    found = tuple(_find(str(one), names) for one in wanted)
    for place, number in enumerate(found):
        if number in found[:place]:
            raise ValueError(f"class {number} ({names[number]}) is given twice")
    return found


def _find(wanted: str, names: Sequence[str]) -> int:
    if not names:
        raise ValueError(f"the model has no classes, so there is none called {wanted!r}")
    if wanted.lstrip("-").isdecimal():
        return checks.whole("class", int(wanted), 0, len(names) - 1)
    key, keys = _plain(wanted), [_plain(name) for name in names]
    exact = [number for number, name in enumerate(keys) if key == name or key in map(str.strip, name.split(","))]
    parts = exact or [number for number, name in enumerate(keys) if key in name]
    if len(parts) == 1:
        return parts[0]
    if parts:
        some = ", ".join(f"{number} {names[number]}" for number in parts[:5])
        raise ValueError(f"class {wanted!r} could be {some}{' ...' if len(parts) > 5 else ''}; give its number")
    near = difflib.get_close_matches(key, keys, 3, 0.5)
    guess = f"; did you mean {', '.join(names[keys.index(name)] for name in near)}?" if near else ""
    raise ValueError(f"the model has no class {wanted!r}{guess}")


def _plain(name: str) -> str:
    return " ".join(name.lower().replace("_", " ").replace("-", " ").split())
