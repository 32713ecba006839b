"""Lyrics to classes: the classes whose names are nearest to the lyrics.

Source: the BigGAN Audio Visualizer's encoding strategies. Every line and every name is embedded once, and all
similarities are one matrix product.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from core import checks
from core.files.regular import read_text

# Texts -> float [n, size], one row each. A row of zeros is near nothing.
Embed = Callable[[Sequence[str]], np.ndarray]
STRATEGIES = ("best", "random", "ransac")
_DRAWS, _DRAWS_AT_ONCE = 30_000, 2_000


def read_lines(path: Path) -> list[str]:
    """The lines of a song, without empty ones and marks such as [Chorus].

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not a text, or nothing is left.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there are no lyrics {path}")
    try:
        lines = [line.strip() for line in read_text(path).splitlines()]
    except UnicodeDecodeError:
        raise ValueError(f"the lyrics {path} are not UTF-8 text") from None
    sung = [line for line in lines if line and not (line.startswith("[") and line.endswith("]"))]
    if not sung:
        raise ValueError(f"there are no lines in the lyrics {path}")
    return sung


def choose(
    lines: Sequence[str], names: Sequence[str], count: int, embed: Embed, strategy: str, rng: np.random.Generator
) -> tuple[int, ...]:
    """Different classes for some lyrics.

    Args:
        lines: of the lyrics.
        names: of all classes.
        count: how many.
        embed: see `Embed`.
        strategy: "best": those nearest to any line. "random": drawn among those nearest to each line. "ransac":
            of 30 000 random choices the one that is nearest to the whole lyrics. If the lines are nearest to fewer
            classes than are wanted, the next nearest are added.
        rng: for the draws.

    Raises:
        ValueError: there are not that many classes, or no such strategy.
    """
    checks.whole("num_classes", count, 1, len(names))
    checks.one_of("encoding_strategy", strategy, STRATEGIES)
    if strategy == "ransac":
        return _ransac(embed([" ".join(lines)])[0], _unit(embed(names)), count, rng)
    likeness = _unit(embed(lines)) @ _unit(embed(names)).T
    ranked = _ranked(likeness)
    winners = len(set(likeness.argmax(axis=1).tolist()))
    if strategy == "best" or winners < count:
        return tuple(ranked[:count])
    return tuple(int(one) for one in rng.choice(ranked[:winners], count, replace=False))


def _ranked(likeness: np.ndarray) -> list[int]:
    """All classes: first each line's nearest, the nearest of all first; then the others by their nearest line."""
    nearest = likeness.max(axis=0)
    wins = np.zeros(likeness.shape[1])
    wins[likeness.argmax(axis=1)] = 1
    return np.lexsort((-nearest, -wins)).tolist()


def _ransac(whole: np.ndarray, names: np.ndarray, count: int, rng: np.random.Generator) -> tuple[int, ...]:
    best, found = -np.inf, np.arange(count)
    for _ in range(_DRAWS // _DRAWS_AT_ONCE):
        # The first of a random order of all: without repeats, and as likely as any.
        drawn = rng.random((_DRAWS_AT_ONCE, len(names))).argpartition(count - 1, axis=1)[:, :count]
        likeness = _unit(names[drawn].mean(axis=1)) @ _unit(whole[None])[0]
        if likeness.max() > best:
            best, found = float(likeness.max()), drawn[likeness.argmax()]
    return tuple(int(one) for one in found)


def _unit(rows: np.ndarray) -> np.ndarray:
    rows = np.asarray(rows, np.float64)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(length > 0, length, 1.0)
