"""Small features of frames that need no trained network: colours, light, edges, and how a picture moves.

Each frame gives `DEPTH` numbers, nearly all in -1..1. Frames of any size will do, since all is measured on thumbnails
of `thumbnails.SIZE` pixels. Motion is what changes from a frame to the next; a `pulse` is a frame at which so much has
changed since the last pulse that something should sound: a cut is one at once, slow motion one now and then, a still
picture none.
"""

from collections.abc import Callable, Iterable

import numpy as np

from core import checks
from specvqgan.features import thumbnails

NAME = "frames"
HUES, LIGHTS = 12, 8
# Mean change of the pixels (0..1) from frame to frame that is a pulse by itself, and at least this many frames lie
# between pulses.
PULSE, LEAST_FRAMES = 0.1, 2
# Changes below it are noise of a camera or a codec.
NOISE = 0.004
_GRID, _RINGS = 3, 4
_SMALL = 1e-6


def frame_features(frames: Iterable[np.ndarray], fps: float, rate: float, count: int) -> np.ndarray:
    """Features float32 [count, DEPTH] of frames at another rate; see `thumbnails.at_rate` for arguments and errors."""
    return measure(thumbnails.at_rate(frames, fps, rate, count))


def measure(small: np.ndarray) -> np.ndarray:
    """Features float32 [n, DEPTH] of thumbnails uint8 [n, SIZE, SIZE, 3], which follow each other.

    Raises:
        ValueError: they have another shape.
    """
    size = thumbnails.SIZE
    checks.shape("thumbnails", np.asarray(small), ("n", size, size, 3))
    pictures = np.asarray(small, np.float32) / 255.0
    columns = [part(pictures).reshape(len(pictures), -1) for part in PARTS.values()]
    return np.concatenate(columns, axis=1).astype(np.float32)


def column(name: str) -> slice:
    """Where the numbers of a part of `PARTS` are among the features."""
    return _COLUMNS[name]


def luma(pictures: np.ndarray) -> np.ndarray:
    """Brightness 0..1 of pictures [..., 3] in 0..1."""
    return pictures @ np.array((0.299, 0.587, 0.114), np.float32)


def _light(pictures: np.ndarray) -> np.ndarray:
    """Mean and deviation of brightness, in -1..1."""
    y = luma(pictures)
    return np.stack([2 * y.mean((1, 2)) - 1, 4 * y.std((1, 2)) - 1], axis=1)


def _colour(pictures: np.ndarray) -> np.ndarray:
    """Saturation, and the mean hue as a vector, whose length is how much of one colour there is."""
    hue, saturation, _ = hsv(pictures)
    angle = 2 * np.pi * hue
    amount = saturation * luma(pictures)
    vector = [(amount * part(angle)).mean((1, 2)) for part in (np.cos, np.sin)]
    total = amount.mean((1, 2)) + _SMALL
    return np.stack([2 * saturation.mean((1, 2)) - 1, *(one / total for one in vector), 2 * total - 1], axis=1)


def _hues(pictures: np.ndarray) -> np.ndarray:
    """The root of each hue's share of the picture."""
    hue, saturation, _ = hsv(pictures)
    places = np.minimum((hue * HUES).astype(int), HUES - 1)
    return np.sqrt(_shares(places, saturation * luma(pictures), HUES))


def _lights(pictures: np.ndarray) -> np.ndarray:
    """The root of each brightness's share of the picture."""
    y = luma(pictures)
    return np.sqrt(_shares(np.minimum((y * LIGHTS).astype(int), LIGHTS - 1), np.ones_like(y), LIGHTS))


def _edges(pictures: np.ndarray) -> np.ndarray:
    """How much brightness changes across and down, at three sizes."""
    found = []
    for y in _pyramid(luma(pictures)):
        found += [np.abs(np.diff(y, axis=axis)).mean((1, 2)) for axis in (2, 1)]
    return np.minimum(1.0, 2 * np.sqrt(np.stack(found, axis=1))) * 2 - 1


def _directions(pictures: np.ndarray) -> np.ndarray:
    """The share of edges in each of eight directions, at two sizes."""
    found = []
    for y in _pyramid(luma(pictures))[:2]:
        across, down = (np.diff(y, axis=axis)[:, :-1, :] if axis == 2 else np.diff(y, axis=axis)[:, :, :-1]
                        for axis in (2, 1))  # fmt: skip
        angle = (np.arctan2(down, across) / np.pi) % 1.0
        found.append(np.sqrt(_shares((angle * 8).astype(int) % 8, np.hypot(across, down), 8)))
    return np.concatenate(found, axis=1)


def _grid(pictures: np.ndarray) -> np.ndarray:
    """Brightness and two differences of colours in each of nine fields."""
    y = luma(pictures)
    planes = np.stack([2 * y - 1, pictures[..., 2] - y, pictures[..., 0] - y], axis=-1)
    edges = np.linspace(0, planes.shape[1], _GRID + 1).astype(int)
    fields = [
        planes[:, edges[row] : edges[row + 1], edges[column] : edges[column + 1]].mean((1, 2))
        for row in range(_GRID)
        for column in range(_GRID)
    ]
    return np.concatenate(fields, axis=1)


def _rings(pictures: np.ndarray) -> np.ndarray:
    """Brightness from the centre outwards, against the mean, and edges there."""
    y = luma(pictures)
    size = y.shape[1]
    place = np.abs(np.arange(size) - (size - 1) / 2) / (size / 2)
    ring = np.minimum((np.hypot(*np.meshgrid(place, place)) * _RINGS / 1.2).astype(int), _RINGS - 1)
    rough = np.abs(np.diff(y, axis=2, append=y[:, :, -1:]))
    mean = y.mean((1, 2))
    found = [y[:, ring == number].mean(1) - mean for number in range(_RINGS)]
    return np.stack(found + [4 * rough[:, ring == number].mean(1) for number in range(_RINGS)], axis=1)


def _symmetry(pictures: np.ndarray) -> np.ndarray:
    """How far a picture is from its mirror images: across, down, turned."""
    y = luma(pictures)
    mirrored = (y[:, :, ::-1], y[:, ::-1], np.swapaxes(y, 1, 2))
    return np.stack([1 - 4 * np.abs(y - other).mean((1, 2)) for other in mirrored], axis=1)


def _motion(pictures: np.ndarray) -> np.ndarray:
    """How much changed since the frame before: on average, where most, as light; and what follows from it."""
    small = _halved(_halved(pictures))
    change = np.abs(np.diff(small, axis=0, prepend=small[:1])).mean(-1)
    edges = np.linspace(0, change.shape[1], _GRID + 1).astype(int)
    fields = np.add.reduceat(np.add.reduceat(change, edges[:-1], axis=1), edges[:-1], axis=2)
    area = np.outer(np.diff(edges), np.diff(edges))
    energy = change.mean((1, 2))
    y = luma(small).mean((1, 2))
    lighter = np.clip(4 * np.diff(y, prepend=y[:1]), -1, 1)
    pulse, phase = pulses(energy)
    most = (fields / area).reshape(len(fields), -1).max(1)
    columns = [np.sqrt(np.minimum(1, 4 * energy)), np.sqrt(np.minimum(1, 2 * most)), lighter, phase, pulse]
    return np.stack(columns, axis=1)


def pulses(energy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """When something should sound, by the mean change of each frame, 0..1 [n].

    Returns:
        The strength of each pulse, 0: none, [n], and what has gathered until the next one, 0..1 [n]. The first frame
        is a pulse.
    """
    found, phases = np.zeros(len(energy), np.float32), np.zeros(len(energy), np.float32)
    gathered, since = 0.0, LEAST_FRAMES
    for number, value in enumerate(energy):
        gathered, since = gathered + max(0.0, float(value) - NOISE) / PULSE, since + 1
        if number == 0 or (gathered >= 1 and since > LEAST_FRAMES):
            found[number] = 0.7 if number == 0 else 0.5 + 0.5 * min(1.0, float(value) / (2 * PULSE))
            gathered, since = 0.0, 0
        phases[number] = min(1.0, gathered)
    return found, phases


def hsv(pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hue, saturation and value, each 0..1, of pictures [..., 3] in 0..1; grey has the hue 0."""
    high, low = pictures.max(-1), pictures.min(-1)
    span = high - low
    red, green, blue = np.moveaxis(pictures, -1, 0)
    safe = np.maximum(span, _SMALL)
    hue = np.where(
        high == red,
        ((green - blue) / safe) % 6,
        np.where(high == green, (blue - red) / safe + 2, (red - green) / safe + 4),
    )
    return np.where(span > _SMALL, hue / 6 % 1.0, 0.0), span / np.maximum(high, _SMALL), high


def _shares(places: np.ndarray, amounts: np.ndarray, count: int) -> np.ndarray:
    """How much of the amounts [n, ...] is at each place, as shares of each picture's whole [n, count]."""
    rows = np.arange(len(places))[:, None, None] * count + places
    found = np.bincount(rows.ravel(), amounts.ravel(), len(places) * count).reshape(len(places), count)
    return found / (found.sum(1, keepdims=True) + _SMALL)


def _pyramid(y: np.ndarray) -> list[np.ndarray]:
    half = _halved(y)
    return [y, half, _halved(half)]


def _halved(x: np.ndarray) -> np.ndarray:
    return (x[:, ::2, ::2] + x[:, 1::2, ::2] + x[:, ::2, 1::2] + x[:, 1::2, 1::2]) / 4


PARTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "light": _light,
    "colour": _colour,
    "hues": _hues,
    "lights": _lights,
    "edges": _edges,
    "directions": _directions,
    "grid": _grid,
    "rings": _rings,
    "symmetry": _symmetry,
    "motion": _motion,
}
_WIDTHS = {"light": 2, "colour": 4, "hues": HUES, "lights": LIGHTS, "edges": 6, "directions": 16, "grid": 3 * _GRID**2,
           "rings": 2 * _RINGS, "symmetry": 3, "motion": 5}  # fmt: skip
_ENDS = np.cumsum(list(_WIDTHS.values()))
_COLUMNS = {name: slice(int(end) - width, int(end)) for (name, width), end in zip(_WIDTHS.items(), _ENDS, strict=True)}
DEPTH = int(_ENDS[-1])
