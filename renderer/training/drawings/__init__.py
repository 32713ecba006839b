"""Drawings: classes of images to train on, sharp and rich in detail, each image from random numbers of its own."""

import zlib
from collections.abc import Callable, Mapping

import numpy as np

from renderer.training.drawings import cells, flows, places, round
from renderer.training.drawings.colours import random_ramp
from renderer.training.drawings.sheet import FINER, Sheet

Drawing = Callable[[Sheet], np.ndarray]
_ANY = ("ember", "ocean", "orchid", "forest", "gold", "ice", "rose", "peacock", "sunset", "verdigris", "dusk", "magma",
        "reef", "royal")  # fmt: skip
# The drawings, and the colours that suit them.
DRAWINGS: Mapping[str, tuple[Drawing, tuple[str, ...]]] = {
    "agate": (flows.agate, (*_ANY, "ink")),
    "aurora": (places.aurora, ("ocean", "forest", "peacock", "ice", "reef", "orchid")),
    "caustics": (flows.caustics, ("ocean", "ice", "peacock", "reef", "forest", "dusk")),
    "cells": (cells.cells, _ANY),
    "contours": (flows.contours, ("forest", "verdigris", "reef", "dusk", "ocean", "gold")),
    "coral": (cells.coral, _ANY),
    "crystals": (cells.crystals, ("ice", "orchid", "rose", "peacock", "dusk", "forest", "gold", "ocean")),
    "dunes": (places.dunes, ("sunset", "gold", "dusk", "ocean", "magma", "verdigris", "rose", "ice")),
    "feathers": (cells.feathers, ("peacock", "ocean", "verdigris", "royal", "orchid", "gold")),
    "fire": (flows.fire, ("ember", "magma", "gold", "ice", "orchid")),
    "flower": (round.flower, ("rose", "orchid", "sunset", "gold", "ice", "dusk", "magma", "reef", "ember")),
    "galaxy": (round.galaxy, ("ice", "orchid", "dusk", "magma", "royal", "sunset")),
    "glass": (cells.glass, _ANY),
    "ink": (flows.ink, (*_ANY, "ink", "ink")),
    "iris": (round.iris, ("ocean", "forest", "gold", "ice", "verdigris", "peacock", "royal", "ember")),
    "kaleidoscope": (round.kaleidoscope, _ANY),
    "lightning": (places.lightning, ("ice", "dusk", "orchid", "ocean", "royal")),
    "mandala": (round.mandala, _ANY),
    "marble": (flows.marble, ("ink", "ink", "forest", "rose", "ocean", "dusk", "gold")),
    "nebula": (flows.nebula, ("orchid", "sunset", "magma", "ocean", "peacock", "ember", "dusk")),
    "planet": (round.planet, _ANY),
    "truchet": (cells.truchet, _ANY),
    "waves": (places.waves, ("ocean", "ice", "dusk", "verdigris", "reef", "royal", "peacock", "ink")),
}


def draw(name: str, number: int, size: int = 256, seed: int = 0) -> np.ndarray:
    """Draw one image.

    Args:
        name: in DRAWINGS.
        number: which image of them; each number gives another.
        size: pixels along an edge.
        seed: another seed gives other images.

    Returns:
        uint8 [size, size, 3].

    Raises:
        ValueError: there is no such drawing.
    """
    if name not in DRAWINGS:
        raise ValueError(f"there is no drawing {name!r}; there are {', '.join(DRAWINGS)}")
    drawing, ramps = DRAWINGS[name]
    rng = np.random.default_rng([seed, zlib.crc32(name.encode()), number])
    edge = ((np.arange(size * FINER, dtype=np.float32) + 0.5) / (size * FINER)) * 2 - 1
    x, y = np.meshgrid(edge, edge)
    picture = drawing(Sheet(x, y, rng, random_ramp(rng, ramps)))
    small = np.clip(picture, 0, 1).reshape(size, FINER, size, FINER, 3).mean(axis=(1, 3))
    return np.clip(small * 255 + 0.5, 0, 255).astype(np.uint8)
