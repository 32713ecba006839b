"""Adaptive discriminator augmentation (Karras et al. 2020a): random changes of all that the discriminator sees.

Each kind of change happens to an image with the probability p, which rises while the discriminator knows real images
too well. As long as p is below 0.8 or so, the generator does not learn the changes. Geometry is one affine map for each
image, computed by bilinear interpolation with mirrored edges; colour is one matrix.
"""

import math
from collections.abc import Sequence

from core.nn.stateless_random import StatelessRandom
from core.training.trees import Tensor
from renderer.stylegan2.training.training_ops import ops

MOST = 0.8
# Largest shift as a share of the edge; deviations of the scales' logarithm (to 2); of brightness, contrast, saturation.
_SHIFT, _SCALE, _BRIGHTNESS, _CONTRAST, _SATURATION = 0.125, 0.2, 0.2, 0.5, 1.0


def augment(images: Tensor, probability: Tensor, random: StatelessRandom) -> Tensor:
    """Change images [n, size, size, 3] in -1..1, each kind of change with a probability, a scalar."""
    return coloured(warped(images, _geometry(images.shape[0], probability, random)),
                    *_colour(images.shape[0], probability, random))  # fmt: skip


def warped(images: Tensor, inverse: Tensor) -> Tensor:
    """Images of which each pixel (x, y), in -1..1, shows the place `inverse` [n, 2, 3] times (x, y, 1)."""
    count, size = images.shape[0], images.shape[1]
    edge = (ops.arange(size, dtype="float32") + 0.5) * (2.0 / size) - 1.0
    x, y = ops.meshgrid(edge, edge)
    column, row = (
        _mirrored(
            (inverse[:, k, 0, None, None] * x + inverse[:, k, 1, None, None] * y + inverse[:, k, 2, None, None] + 1.0)
            * (size / 2.0) - 0.5,
            size,
        )
        for k in (0, 1)
    )  # fmt: skip
    left, top = ops.floor(column), ops.floor(row)
    flat = ops.reshape(images, (count, size * size, images.shape[-1]))
    total = 0.0
    for down in (0, 1):
        for across in (0, 1):
            at_row, at_column = ops.minimum(top + down, size - 1.0), ops.minimum(left + across, size - 1.0)
            places = ops.reshape(ops.cast(at_row * size + at_column, "int32"), (count, size * size, 1))
            share = (1.0 - ops.abs(row - top - down)) * (1.0 - ops.abs(column - left - across))
            picked = ops.take_along_axis(flat, ops.broadcast_to(places, flat.shape), axis=1)
            total = total + ops.reshape(picked, images.shape) * share[..., None]
    return total


def coloured(images: Tensor, matrix: Tensor, offset: Tensor) -> Tensor:
    """Colours [n, h, w, 3] times a matrix [n, 3, 3], plus an offset [n]."""
    return ops.einsum("nhwc,ncd->nhwd", images, matrix) + offset[:, None, None, None]


def next_probability(probability: Tensor, real_scores: Tensor, target: float, images: int) -> Tensor:
    """The probability after a step: higher if real scores are above 0 more often than (1 + target) / 2 of the time.

    Args:
        probability: before.
        real_scores: [n], of real images.
        target: of the mean sign.
        images: within how many images it may rise from 0 to 1.
    """
    knows = ops.mean(ops.sign(real_scores)) - target
    return ops.clip(probability + ops.sign(knows) * (real_scores.shape[0] / images), 0.0, MOST)


def _mirrored(place: Tensor, size: int) -> Tensor:
    """Places outside of 0..size - 1 reflected into it."""
    period = 2.0 * (size - 1)
    place = ops.mod(ops.abs(place), period)
    return ops.minimum(place, period - place)


def _geometry(count: int, p: Tensor, random: StatelessRandom) -> Tensor:
    """Inverse maps [n, 2, 3]: mirrored, turned, scaled and shifted."""

    def chosen(value: Tensor, neutral: float, chance: Tensor = p) -> Tensor:
        return ops.where(random.uniform((count,)) < chance, value, neutral)

    def turn(angle: Tensor) -> Tensor:
        return _matrix([[ops.cos(angle), -ops.sin(angle)], [ops.sin(angle), ops.cos(angle)]])

    zero = ops.zeros((count,))
    mirror = chosen(1.0 - 2.0 * ops.floor(random.uniform((count,)) * 2.0), 1.0)
    quarter = chosen(ops.floor(random.uniform((count,)) * 4.0) * (math.pi / 2), 0.0)
    scale = chosen(2.0 ** (random.normal((count,)) * _SCALE), 1.0)
    stretch = chosen(2.0 ** (random.normal((count,)) * _SCALE), 1.0)
    # Two turns, one before and one after stretching, which together happen with the probability p.
    once = 1.0 - ops.sqrt(ops.maximum(1.0 - p, 0.0))
    before, after = (chosen((random.uniform((count,)) * 2.0 - 1.0) * math.pi, 0.0, once) for _ in range(2))
    shifts = [chosen((random.uniform((count,)) * 2.0 - 1.0) * (2 * _SHIFT), 0.0) for _ in range(2)]
    linear = ops.matmul(turn(before + quarter), _matrix([[mirror * scale * stretch, zero], [zero, scale / stretch]]))
    linear = ops.matmul(linear, turn(after))
    return ops.concatenate([linear, ops.stack(shifts, axis=1)[:, :, None]], axis=2)


def _colour(count: int, p: Tensor, random: StatelessRandom) -> tuple[Tensor, Tensor]:
    """Matrices [n, 3, 3] and offsets [n]: brightness, contrast, inverted lightness, hue, saturation."""

    def chosen(value: Tensor, neutral: float) -> Tensor:
        return ops.where(random.uniform((count,)) < p, value, neutral)

    brightness = chosen(random.normal((count,)) * _BRIGHTNESS, 0.0)
    contrast = chosen(2.0 ** (random.normal((count,)) * _CONTRAST), 1.0)
    inverted = chosen(ops.floor(random.uniform((count,)) * 2.0), 0.0)
    hue = chosen((random.uniform((count,)) * 2.0 - 1.0) * math.pi, 0.0)
    saturation = chosen(2.0 ** (random.normal((count,)) * _SATURATION), 1.0)
    grey = ops.ones((3, 3)) / 3.0
    cross = ops.convert_to_tensor([[0.0, 1.0, -1.0], [-1.0, 0.0, 1.0], [1.0, -1.0, 0.0]]) / math.sqrt(3.0)
    colours = ops.eye(3) - grey
    wide = [value[:, None, None] for value in (contrast, inverted, hue, saturation)]
    turned = wide[3] * (ops.cos(wide[2]) * colours + ops.sin(wide[2]) * cross) + (1.0 - 2.0 * wide[1]) * grey
    return turned * wide[0], brightness


def _matrix(rows: Sequence[Sequence[Tensor]]) -> Tensor:
    """Numbers [n] in rows -> matrices [n, rows, columns]."""
    return ops.stack([ops.stack(list(row), axis=-1) for row in rows], axis=1)
