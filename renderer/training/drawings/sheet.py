"""Tools for drawings: a sheet of pixels with random numbers of its own, noise, tiles of cells, light, stars."""

from dataclasses import dataclass

import numpy as np

from renderer.training.drawings.colours import Ramp

# Pixels are drawn this many times finer along each axis and averaged, so that edges are smooth.
FINER = 2


@dataclass(frozen=True)
class Sheet:
    """What a drawing is drawn on.

    Attributes:
        x: [n, n], from -1 at the left to 1.
        y: likewise, downwards.
        rng: what all that is random in the drawing follows from.
        ramp: colours from dark to light, for 0..1.
    """

    x: np.ndarray
    y: np.ndarray
    rng: np.random.Generator
    ramp: Ramp

    @property
    def count(self) -> int:
        """Fine pixels along an edge."""
        return len(self.x)

    def between(self, low: float, high: float) -> float:
        """A random number."""
        return float(self.rng.uniform(low, high))

    def chance(self, share: float) -> bool:
        """True in a random share of all cases."""
        return bool(self.rng.random() < share)

    def turned(self, angle: float, x: float = 0.0, y: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
        """Coordinates around a point, turned by an angle in radians."""
        across, down = self.x - x, self.y - y
        return (np.cos(angle) * across + np.sin(angle) * down).astype(np.float32), (
            np.cos(angle) * down - np.sin(angle) * across
        ).astype(np.float32)

    def noise(self, waves: float, roughness: float = 2.0, finest: float = 120.0) -> np.ndarray:
        """Smooth noise [n, n] of unit variance.

        Args:
            waves: of its coarsest features along the edge.
            roughness: its power falls with this power of the frequency; 0: all frequencies are alike.
            finest: waves of its finest features along the edge.
        """
        across, down = np.fft.rfftfreq(self.count, 1 / self.count), np.fft.fftfreq(self.count, 1 / self.count)
        frequency = np.hypot(down[:, None], across[None]).astype(np.float32)
        strength = np.maximum(frequency, waves) ** -roughness * np.exp(-((frequency / finest) ** 4))
        strength *= frequency > 0.6 * waves
        white = self.rng.standard_normal((2, *strength.shape), np.float32)
        field = np.fft.irfft2((white[0] + 1j * white[1]) * strength, (self.count, self.count)).astype(np.float32)
        return field / field.std()

    def bands(self, waves: float, width: float = 0.15) -> np.ndarray:
        """Noise of about one wavelength only: a maze. [n, n], unit variance."""
        across, down = np.fft.rfftfreq(self.count, 1 / self.count), np.fft.fftfreq(self.count, 1 / self.count)
        frequency = np.hypot(down[:, None], across[None]).astype(np.float32)
        strength = np.exp(-(((frequency / waves - 1) / width) ** 2))
        white = self.rng.standard_normal((2, *strength.shape), np.float32)
        field = np.fft.irfft2((white[0] + 1j * white[1]) * strength, (self.count, self.count)).astype(np.float32)
        return field / field.std()

    def at(self, field: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """A field [n, n] looked up at coordinates, as if it went on for ever; between its pixels, interpolated."""
        column, row = (x + 1) * (self.count / 2), (y + 1) * (self.count / 2)
        left, top = np.floor(column).astype(np.int32), np.floor(row).astype(np.int32)
        across, down = (column - left).astype(np.float32), (row - top).astype(np.float32)
        left, top = left % self.count, top % self.count
        right, bottom = (left + 1) % self.count, (top + 1) % self.count
        upper = field[top, left] * (1 - across) + field[top, right] * across
        lower = field[bottom, left] * (1 - across) + field[bottom, right] * across
        return upper * (1 - down) + lower * down


@dataclass(frozen=True)
class Tiles:
    """Voronoi cells.

    Attributes:
        first: distance to the nearest point, in spacings of the lattice, [n, n].
        second: to the next one.
        own: random numbers 0..1 of the nearest, [n, n, k].
        across: from the nearest to the right.
        down: likewise, downwards.
    """

    first: np.ndarray
    second: np.ndarray
    own: np.ndarray
    across: np.ndarray
    down: np.ndarray


def tiles(s: Sheet, x: np.ndarray, y: np.ndarray, jitter: float = 0.85, numbers: int = 2) -> Tiles:
    """Cells around points of a jittered lattice with a spacing of 1, in coordinates [n, n]."""
    side = 64
    places = 0.5 + jitter * (s.rng.random((side, side, 2), np.float32) - 0.5)
    own = s.rng.random((side, side, numbers), np.float32)
    column, row = np.floor(x).astype(np.int32), np.floor(y).astype(np.int32)
    local_x, local_y = x - column, y - row
    first = np.full(x.shape, 9.0, np.float32)
    second, chosen = first.copy(), np.zeros(x.shape, np.int32)
    across, down = np.zeros_like(first), np.zeros_like(first)
    for step_y in (-1, 0, 1):
        for step_x in (-1, 0, 1):
            which = ((row + step_y) % side) * side + (column + step_x) % side
            point = places.reshape(-1, 2)[which]
            dx, dy = local_x - step_x - point[..., 0], local_y - step_y - point[..., 1]
            far = np.sqrt(dx * dx + dy * dy)
            nearer = far < first
            second = np.where(nearer, first, np.minimum(second, far))
            first = np.where(nearer, far, first)
            chosen = np.where(nearer, which, chosen)
            across, down = np.where(nearer, dx, across), np.where(nearer, dy, down)
    return Tiles(first, second, own.reshape(-1, numbers)[chosen], across, down)


def step(value: np.ndarray, low: float, high: float) -> np.ndarray:
    """Smooth step: 0 at `low`, 1 at `high`."""
    share = np.clip((value - low) / (high - low), 0, 1)
    return share * share * (3 - 2 * share)


def glow(distance: np.ndarray, width: float) -> np.ndarray:
    """1 on a line, falling off at `width` on both sides."""
    return np.exp(-np.square(distance / width))


def mix(below: np.ndarray, above: np.ndarray, share: np.ndarray) -> np.ndarray:
    """An image [n, n, 3], and another or a colour [3] over it: `share` [n, n] of that."""
    return below + (above - below) * share[..., None]


def line(value: np.ndarray, width: float) -> np.ndarray:
    """1 where a smooth field crosses whole numbers, along lines of `width` fine pixels everywhere: [n, n]."""
    slope = np.hypot(*np.gradient(value)) + 1e-5
    far = np.abs(value - np.round(value)) / slope
    return 1 - step(far, width / 2 - 0.5, width / 2 + 1.0)


def relief(height: np.ndarray, strength: float, angle: float = -2.2) -> np.ndarray:
    """How a surface is lit from the side: -1..1."""
    down, across = np.gradient(height)
    slope = (across * np.cos(angle) + down * np.sin(angle)) * strength * len(height) / 256
    return slope / np.sqrt(1 + slope * slope)


def stars(s: Sheet, count: int, largest: float = 2.2) -> np.ndarray:
    """Light of stars [n, n], few of them bright and with a cross of rays."""
    light = np.zeros(s.x.shape, np.float32)
    for _ in range(count):
        row, column = (s.rng.random(2) * s.count).astype(int)
        bright = float(s.rng.random() ** 3)
        size, reach = 0.8 + largest * bright, int(4 + 22 * bright)
        top, left = max(row - reach, 0), max(column - reach, 0)
        down, across = np.mgrid[top : row + reach + 1, left : column + reach + 1].astype(np.float32)
        patch = light[top : row + reach + 1, left : column + reach + 1]
        down, across = down[: len(patch), : patch.shape[1]] - row, across[: len(patch), : patch.shape[1]] - column
        far = np.hypot(down, across)
        rays = bright * np.exp(-np.minimum(np.abs(down), np.abs(across)) / 0.9 - far / (reach / 3))
        patch += (0.25 + 0.75 * bright) * np.exp(-((far / size) ** 2)) + 0.6 * rays
    return light


def spaced(s: Sheet, count: int, smooth: int) -> np.ndarray:
    """A closed row of `count` random numbers of unit variance, averaged over about `smooth` neighbours."""
    frequency = np.fft.rfftfreq(count, 1 / count)
    strength = np.exp(-((frequency * smooth / count) ** 2))
    white = s.rng.standard_normal((2, len(frequency)))
    row = np.fft.irfft((white[0] + 1j * white[1]) * strength, count)
    return ((row - row.mean()) / row.std()).astype(np.float32)
