"""Families of procedural patterns for training: numpy only, and the same image for the same factors."""

from collections.abc import Callable, Mapping

import numpy as np

from renderer.training.patterns import cells, centred, glyphs, nature, waves
from renderer.training.patterns.canvas import FACTORS, Canvas, canvas, finished

Family = Callable[[Canvas], np.ndarray]
# Families with a top and a bottom, which are turned only a little.
UPRIGHT = ("aurora", "dunes", "flames", "letters", "mountains", "planet", "sign", "stripes")
FAMILIES: Mapping[str, Family] = {
    family.__name__: family
    for family in (
        nature.aurora, centred.blossom, cells.bubbles, cells.cells, nature.contours, nature.contrails, cells.crystals,
        nature.dunes, centred.eclipse, nature.flames, cells.hexagons, centred.kaleidoscope,
        glyphs.letters, centred.mandala, waves.marble, nature.mountains, nature.nebula, centred.planet,
        waves.plasma, waves.rings, waves.ripples, centred.rose, glyphs.sign, waves.silk, centred.spiral,
        cells.spots, waves.stripes, centred.tunnel, waves.weave,
    )
}  # fmt: skip


def draw(
    family: str, factors: np.ndarray, size: int = 128, every: int = 1, first: tuple[int, int] = (0, 0)
) -> np.ndarray:
    """Draw one image, or some of its pixels.

    Args:
        family: a name in FAMILIES.
        factors: [len(FACTORS)], each from the standard normal distribution.
        size: pixels along an edge.
        every: of so many rows and columns one is drawn, 1: all.
        first: row and column of the first.

    Returns:
        uint8 [size / every, size / every, 3].

    Raises:
        ValueError: there is no such family, or the number of factors is wrong.
    """
    if family not in FAMILIES:
        raise ValueError(f"there is no family {family!r}; there are {', '.join(FAMILIES)}")
    if np.shape(factors) != (len(FACTORS),):
        raise ValueError(f"factors must have shape [{len(FACTORS)}], not {list(np.shape(factors))}")
    plane = canvas(size, np.asarray(factors), 0.03 if family in UPRIGHT else 0.12, every, first)
    return finished(FAMILIES[family](plane), plane)
