"""Tools for drawing patterns: a transformed plane, colours, smooth noise.

A pattern is a smooth function of sixteen *factors*, numbers from the standard normal distribution that mean about the
same in every family, so that a network can learn all families together and interpolate between them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FACTORS = (
    "hue", "zoom", "turn", "across", "down", "warp", "phase", "light",
    "colour", "shape", "detail", "drift", "stretch", "swirl", "bend", "tint",
)  # fmt: skip
# Pixels are drawn this many times finer along each axis and averaged, so that edges are smooth.
FINER = 2


@dataclass(frozen=True)
class Canvas:
    """The plane of an image to draw.

    Attributes:
        x: coordinates after all transformations, [h, w]; without any they grow to the right, from -1 to 1.
        y: likewise, downwards.
        column: x without transformations.
        row: y without transformations.
        factors: [len(FACTORS)].
    """

    x: np.ndarray
    y: np.ndarray
    column: np.ndarray
    row: np.ndarray
    factors: np.ndarray

    def of(self, name: str, reach: float = 1.0) -> float:
        """A factor by name, bounded softly to +-2.5 * reach, so that rare values do not leave the image."""
        return float(reach * 2.5 * np.tanh(self.factors[FACTORS.index(name)] / 2.5))

    @property
    def radius(self) -> np.ndarray:
        """Distance from the middle, [h, w]."""
        return np.hypot(self.x, self.y)

    @property
    def angle(self) -> np.ndarray:
        """Angle around the middle, radians, [h, w]."""
        return np.arctan2(self.y, self.x)


def canvas(
    size: int, factors: np.ndarray, turning: float = 0.12, every: int = 1, first: tuple[int, int] = (0, 0)
) -> Canvas:
    """The plane of an image of size x size pixels, or of some of them, drawn `FINER` times finer.

    Args:
        size: pixels along an edge.
        factors: [len(FACTORS)].
        turning: how far the factor "turn" turns it, in radians for a factor of 1.
        every: of so many rows and columns one is drawn, 1: all.
        first: of the rows and columns that are drawn.
    """
    row_edge, column_edge = (_edge(size, every, begin) for begin in first)
    column, row = np.meshgrid(column_edge, row_edge)
    plain = Canvas(column, row, column, row, np.asarray(factors, np.float32))
    turn, zoom = plain.of("turn", turning), np.exp(plain.of("zoom", -0.08))
    x, y = column - plain.of("across", 0.05), row - plain.of("down", 0.05)
    bent = y + plain.of("bend", 0.05) * np.cos(2.2 * x) * min(1.0, turning * 10)
    angle = turn + plain.of("swirl", 0.16) * np.exp(-1.5 * (x * x + y * y)) * min(1.0, turning * 10)
    stretch = np.exp(plain.of("stretch", 0.05))
    turned_x = (np.cos(angle) * x - np.sin(angle) * bent) * zoom * stretch
    turned_y = (np.sin(angle) * x + np.cos(angle) * bent) * zoom / stretch
    return Canvas(turned_x.astype(np.float32), turned_y.astype(np.float32), column, row, plain.factors)


def _edge(size: int, every: int, first: int) -> np.ndarray:
    """Positions in -1..1 of pixels first, first + every, ..., each drawn `FINER` times finer."""
    fine = np.arange(first, size, every)[:, None] * FINER + np.arange(FINER)
    return ((fine.reshape(-1) + 0.5) / (size * FINER) * 2 - 1).astype(np.float32)


def noise(x: np.ndarray, y: np.ndarray, time: float, seed: int, octaves: int = 1, waves: int = 10) -> np.ndarray:
    """Smooth noise of about unit variance, with features of about one unit: a sum of plane waves.

    Args:
        x: [h, w].
        y: likewise.
        time: moves the phases of the waves.
        seed: of the directions, lengths and phases.
        octaves: each is twice as fine and half as strong as the one before.
        waves: plane waves per octave.
    """
    total, power = np.zeros_like(x), 0.0
    for octave in range(octaves):
        rng = np.random.default_rng([seed, octave])
        strength, scale = 0.5**octave, 2.0**octave
        for angle, length, phase, speed in zip(
            rng.uniform(0, 2 * np.pi, waves),
            rng.uniform(1.6, 3.4, waves) * scale,
            rng.uniform(0, 2 * np.pi, waves),
            rng.uniform(-1, 1, waves) * (1 + 0.5 * octave),
            strict=True,
        ):
            # Plain floats: NumPy's own are doubles, which would make all of it slower by three times.
            right, down = float(np.cos(angle) * length), float(np.sin(angle) * length)
            total += strength * np.cos(right * x + down * y + float(phase + speed * time))
        power += strength**2 * waves / 2
    return (total / np.sqrt(power)).astype(np.float32)


def palette(position: np.ndarray, *stops: str) -> np.ndarray:
    """Colours [h, w, 3] between hexadecimal stops, evenly spaced on 0..1; positions [h, w] outside are clipped."""
    colours = np.array([[int(stop[i : i + 2], 16) / 255 for i in (0, 2, 4)] for stop in stops], np.float32)
    place = np.clip(position, 0, 1) * (len(stops) - 1)
    below = np.minimum(place.astype(np.int32), len(stops) - 2)
    share = _eased(place - below)[..., None]
    return colours[below] * (1 - share) + colours[below + 1] * share


def step(value: np.ndarray, low: float, high: float) -> np.ndarray:
    """Smooth step: 0 below `low`, 1 above `high`; reversed where low is above high."""
    return _eased(np.clip((value - low) / (high - low), 0, 1))


def glow(distance: np.ndarray, width: float) -> np.ndarray:
    """1 on a line, falling off at `width` on both sides."""
    return np.exp(-np.square(distance / width))


def mix(below: np.ndarray, above: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Mix two images [h, w, 3], or an image and a colour [3]: `share` [h, w] of `above`."""
    return below + (above - below) * share[..., None]


def colour(stop: str) -> np.ndarray:
    """A hexadecimal colour as [3]."""
    return palette(np.zeros((1, 1)), stop, stop)[0, 0]


def finished(picture: np.ndarray, drawn: Canvas) -> np.ndarray:
    """Apply the factors of hue, saturation, light and tint, and scale to the final size: uint8 [size, size, 3]."""
    picture = picture @ _hue_turn(drawn.of("hue", 0.22)).T
    grey = picture.mean(axis=-1, keepdims=True)
    picture = grey + (picture - grey) * np.exp(drawn.of("colour", 0.14))
    picture = np.clip(picture, 0, 1) ** np.exp(drawn.of("light", -0.14))
    slope = drawn.of("tint", 0.1) * (drawn.column + drawn.row)
    picture = picture * (1 + slope[..., None] * np.array([1.0, 0.2, -1.0], np.float32))
    size = picture.shape[0] // FINER
    small = picture.reshape(size, FINER, size, FINER, 3).mean(axis=(1, 3))
    return np.clip(small * 255 + 0.5, 0, 255).astype(np.uint8)


def points(count: int, seed: int, reach: float = 1.5) -> np.ndarray:
    """Points [count, 2] scattered evenly: a jittered lattice over +-reach."""
    side = int(np.ceil(np.sqrt(count)))
    rng = np.random.default_rng(seed)
    lattice = np.stack(np.meshgrid(np.arange(side), np.arange(side)), -1).reshape(-1, 2)[:count]
    return ((lattice + 0.5 + rng.uniform(-0.36, 0.36, (count, 2))) / side * 2 - 1).astype(np.float32) * reach


def turns(values: Sequence[float] | np.ndarray) -> np.ndarray:
    """Wave of 0..1 over whole numbers: 0 at them, 1 halfway."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.asarray(values))


def _eased(share: np.ndarray) -> np.ndarray:
    return share * share * (3 - 2 * share)


def _hue_turn(angle: float) -> np.ndarray:
    """Rotation of RGB around grey, [3, 3]."""
    cosine, sine = np.cos(angle), np.sin(angle)
    third, root = (1 - cosine) / 3, sine / np.sqrt(3)
    return np.array(
        [
            [cosine + third, third - root, third + root],
            [third + root, cosine + third, third - root],
            [third - root, third + root, cosine + third],
        ],
        np.float32,
    )
