"""Measure what a direction does to images: light and colour, and how the content moves, grows and turns.

Motion is estimated between neighbours along the direction, as one motion of the whole image (Lucas and Kanade 1981,
with shift, scale, stretch, rotation and a change of light), and added up. It is that of the larger shapes.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from core.protocols import Move
from ganspace.audio_metrics import AMOUNTS, STEADY, Quantity, ratio, trend
from ganspace.components import Components
from ganspace.image_sampling import one_hot

if TYPE_CHECKING:
    from core.protocols import ImageModel

# Images are reduced to this size in pixels before motion is estimated; blocks of so many pixels contain no detail.
MOTION_SIZE, BLOCK = 32, 4
_RIDGE = 1e-3
# A change counts as the direction's own where this share of the points agree on its sign.
AGREEING = 0.8
# A name has a second word if that change is at least this part of the first's.
SECOND = 0.6


@dataclass(frozen=True)
class ImageMeasurement:
    """The measures of one image, some of them relative to the image in the middle of the row.

    `lightness`, `contrast` (its standard deviation), `colour` (largest less smallest of red, green, blue) and `detail`
    (contrast within blocks of 4 pixels) are in percent of the range; `hue_deg` is by how many degrees hues have turned
    from red through yellow to green; `right` and `down` are percent of the image's edge, `size` percent of the size in
    the middle, `width` that against the height, `turn_deg` degrees clockwise.
    """

    lightness: float
    contrast: float
    colour: float
    detail: float
    hue_deg: float
    right: float
    down: float
    size: float
    width: float
    turn_deg: float


def _by(least: float) -> Callable[[float, float], bool]:
    return lambda a, b: abs(b - a) >= least


QUANTITIES = (
    Quantity("lightness", "lightness / %", "lighter", "darker", "{:.0f} %", 15.0, _by(4)),
    Quantity("contrast", "contrast / %", "more contrast", "less contrast", "{:.0f} %", 10.0, _by(3)),
    Quantity("colour", "colour / %", "more colourful", "greyer", "{:.0f} %", 15.0, _by(4)),
    Quantity("detail", "detail / %", "finer", "smoother", "{:.1f} %", 2.0, lambda a, b: ratio(a, b) >= 1.15),
    Quantity("hue_deg", "hue / degrees", "hue forwards", "hue backwards", "{:+.0f} degrees", 45.0, _by(12)),
    Quantity("right", "right / %", "to the right", "to the left", "{:+.0f} %", 12.0, _by(3)),
    Quantity("down", "down / %", "downwards", "upwards", "{:+.0f} %", 12.0, _by(3)),
    Quantity("size", "size / %", "larger", "smaller", "{:.0f} %", 25.0, lambda a, b: ratio(a, b) >= 1.06),
    Quantity("width", "width / %", "wider", "taller", "{:.0f} %", 25.0, lambda a, b: ratio(a, b) >= 1.06),
    Quantity("turn_deg", "turn / degrees", "clockwise", "anticlockwise", "{:+.0f} degrees", 20.0, _by(5)),
)


def points(model: "ImageModel", numbers: Sequence[int], truncation: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Latent vectors [n, z] and one-hot classes [n, classes] of the images at which directions are shown."""
    z = model.draw(np.random.default_rng(seed), len(numbers), truncation)
    return z, one_hot(numbers, model.num_classes)


def images_along(
    model: "ImageModel",
    components: Components,
    direction: int,
    at: tuple[np.ndarray, np.ndarray],
    truncation: float,
    amounts: Sequence[float] = AMOUNTS,
) -> np.ndarray:
    """Images along one direction (from 0) at several points: float32 [points, amounts, height, width, 3]."""
    edits = np.zeros((len(amounts), direction + 1))
    edits[:, direction] = amounts
    offsets = components.offsets(edits)
    rows = []
    for z, label in zip(*at, strict=True):
        noise, labels = (np.repeat(part[None], len(amounts), 0) for part in (z, label))
        rows.append(model.generate(noise, labels, truncation, moves=[Move(components.layer, offsets)]))
    return np.stack(rows)


def measure(row: np.ndarray) -> list[ImageMeasurement]:
    """Measure images [amounts, height, width, 3] in -1..1 along a direction, relative to the middle one."""
    row = (np.asarray(row, np.float64) + 1) / 2
    luma = row @ [0.299, 0.587, 0.114]
    opponent = row[..., 0] - (row[..., 1] + row[..., 2]) / 2 + 1j * np.sqrt(0.75) * (row[..., 1] - row[..., 2])
    hue = [np.angle(np.vdot(before, after)) for before, after in itertools.pairwise(opponent)]
    small = _pooled(luma, max(1, luma.shape[1] // MOTION_SIZE))
    steps = [motion(before, after) for before, after in itertools.pairwise(small)]
    moved = _added_up(np.column_stack([np.degrees(hue), steps]))
    found = np.column_stack(
        [
            100 * luma.mean(axis=(1, 2)),
            100 * luma.std(axis=(1, 2)),
            100 * np.ptp(row, axis=-1).mean(axis=(1, 2)),
            100 * np.sqrt(np.square(luma - _pooled(luma, BLOCK).repeat(BLOCK, 1).repeat(BLOCK, 2)).mean(axis=(1, 2))),
            moved[:, 0],
            50 * moved[:, 1:3],
            100 * np.exp(moved[:, 3]),
            100 * np.exp(2 * moved[:, 4]),
            np.degrees(moved[:, 5]),
        ]
    )
    return [ImageMeasurement(*(float(value) for value in line)) for line in found]


def motion(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """The motion from one image [height, width] to another: right, down, growth, stretch, turn.

    In halves of an edge, logarithms, and radians. Stretch is what it grows across beyond its growth, and shrinks along.
    """
    middle = (_blurred(before) + _blurred(after)) / 2
    height, width = middle.shape
    down, right = np.gradient(middle, 2 / height, 2 / width)
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    columns = [
        right,
        down,
        right * x + down * y,
        right * x - down * y,
        down * x - right * y,
        -middle,
        -np.ones_like(middle),
    ]
    matrix = np.stack([column.ravel() for column in columns], axis=1)
    change = -(_blurred(after) - _blurred(before)).ravel()
    square = matrix.T @ matrix
    ridge = _RIDGE * np.trace(square) / len(square) * np.eye(len(square))
    return np.linalg.solve(square + ridge, matrix.T @ change)[:5]


def mean(measures: Sequence[ImageMeasurement]) -> ImageMeasurement:
    """The average measures of several images."""
    return ImageMeasurement(
        *(float(np.mean([getattr(one, part.name) for one in measures])) for part in fields(ImageMeasurement))
    )


def name(measures: Sequence[Sequence[ImageMeasurement]], amounts: Sequence[float] = AMOUNTS) -> str:
    """Name what a direction does at nearly all points, from measures [points][amounts]; "" where nothing is clear."""
    average, found = [mean(column) for column in zip(*measures, strict=True)], []
    for quantity in QUANTITIES:
        values = [getattr(one, quantity.field) for one in average]
        each = [getattr(row[-1], quantity.field) - getattr(row[0], quantity.field) for row in measures]
        change = values[-1] - values[0]
        agreeing = np.mean(np.sign(each) == np.sign(change))
        if (
            quantity.noticeable(values[0], values[-1])
            and abs(trend(amounts, values)) >= STEADY
            and agreeing >= AGREEING
        ):
            found.append((abs(change) / quantity.span, quantity.more if change > 0 else quantity.less))
    found.sort(reverse=True)
    return " and ".join(word for weight, word in found[:2] if weight >= SECOND * found[0][0])


def _added_up(steps: np.ndarray) -> np.ndarray:
    """Steps [n - 1, k] -> where they lead [n, k], from 0 in the middle."""
    places = np.concatenate([np.zeros((1, steps.shape[1])), np.cumsum(steps, axis=0)])
    return places - places[len(places) // 2]


def _pooled(maps: np.ndarray, block: int) -> np.ndarray:
    """Maps [n, height, width] -> means of blocks."""
    count, height, width = maps.shape
    return maps.reshape(count, height // block, block, width // block, block).mean(axis=(2, 4))


def _blurred(image: np.ndarray) -> np.ndarray:
    for axis in (0, 1, 0, 1):
        wide = np.pad(image, [(1, 1) if axis == way else (0, 0) for way in (0, 1)], "edge")
        before, here, after = (np.take(wide, range(k, k + image.shape[axis]), axis) for k in range(3))
        image = (before + 2 * here + after) / 4
    return image
