"""Colours of drawings: ramps from dark to light, mixed in a space in which equal steps look equal (OKLab)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

# Each from dark to light.
RAMPS = {
    "ember": ("0b0606", "5a0f12", "c2321b", "f58f29", "ffe8b0"),
    "ocean": ("03121f", "0a3d5c", "1f7a8c", "6fc3c9", "f1faee"),
    "orchid": ("0d0221", "3a0ca3", "8a12b8", "f72585", "ffd6e8"),
    "forest": ("06180f", "1b4332", "40916c", "95d5b2", "f4f9dc"),
    "gold": ("12100c", "3f2a1a", "8f5a24", "dca53d", "fff3c9"),
    "ice": ("08102a", "1c4d8d", "58a9ea", "bfe6ff", "ffffff"),
    "rose": ("1c0612", "6b1144", "c81e62", "f58db0", "fff0f3"),
    "peacock": ("04121f", "0b4870", "0aa6d6", "2bc46a", "f6facb"),
    "sunset": ("1a0b3b", "5e1a63", "c93b6b", "fb8a5c", "ffe49c"),
    "ink": ("0c0d11", "2e323e", "7a808c", "cdd2d8", "fbfaf6"),
    "verdigris": ("0d1b1e", "14535a", "3f9a8a", "dd8f4e", "fce4c0"),
    "dusk": ("0d1233", "2e3d7d", "7d69b8", "e59fb5", "fff0d2"),
    "magma": ("050108", "4a107a", "b5367a", "fb8560", "fdfabd"),
    "reef": ("04252c", "067a80", "74d0b0", "ff8a5e", "fff2d8"),
    "royal": ("0b0b2c", "222878", "565bbb", "ecb745", "fff7d8"),
}
_TO_LMS = np.array([[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
                    [0.0883024619, 0.2817188376, 0.6299787005]])  # fmt: skip
_TO_LAB = np.array([[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
                    [0.0259040371, 0.7827717662, -0.8086757660]])  # fmt: skip


@dataclass(frozen=True)
class Ramp:
    """A row of colours from dark to light, `lab` [stops, 3] in OKLab."""

    lab: np.ndarray

    @cached_property
    def _table(self) -> np.ndarray:
        place = np.linspace(0, len(self.lab) - 1, 1024)
        table = np.stack([np.interp(place, range(len(self.lab)), channel) for channel in self.lab.T], 1)
        return _from_lab(table).astype(np.float32)

    def __call__(self, value: np.ndarray | float) -> np.ndarray:
        """Colours [..., 3] in 0..1 of values [...] in 0..1; others are clipped."""
        place = np.clip(np.asarray(value) * 1023, 0, 1023).astype(np.int32)
        return self._table[place]


def ramp(stops: Sequence[str], hue: float = 0.0, colour: float = 1.0) -> Ramp:
    """A ramp between hexadecimal stops, its hue turned by an angle in radians, its colour that much stronger."""
    rgb = np.array([[int(stop[i : i + 2], 16) / 255 for i in (0, 2, 4)] for stop in stops])
    lab = np.cbrt(np.square(rgb) @ _TO_LMS.T) @ _TO_LAB.T
    turn = np.array([[np.cos(hue), -np.sin(hue)], [np.sin(hue), np.cos(hue)]]) * colour
    lab[:, 1:] = lab[:, 1:] @ turn.T
    return Ramp(lab)


def random_ramp(rng: np.random.Generator, names: Sequence[str]) -> Ramp:
    """One of some ramps, a little changed."""
    name = names[int(rng.integers(len(names)))]
    return ramp(RAMPS[name], float(rng.normal(0, 0.18)), float(rng.uniform(0.85, 1.2)))


def _from_lab(lab: np.ndarray) -> np.ndarray:
    linear = (lab @ np.linalg.inv(_TO_LAB).T) ** 3 @ np.linalg.inv(_TO_LMS).T
    return np.sqrt(np.clip(linear, 0, 1))
