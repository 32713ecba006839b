"""Patterns of letters, from DejaVu Sans, the font that comes with matplotlib (its licence is free and permissive)."""

from functools import cache

import numpy as np

from renderer.training.patterns.canvas import Canvas, colour, glow, mix, palette, step

# Letters are kept as distances to their outline, in pixels of a square of this size.
SIZE = 96


def sign(c: Canvas) -> np.ndarray:
    """An ampersand of neon tubes."""
    far = _sample(_distance("&"), c.x * 0.62, c.y * 0.62) / 16
    pulse = np.cos(2 * np.pi * (far * (1.1 + c.of("detail", 0.08)) - c.of("phase", 0.14)))
    wall = palette(0.45 + 0.4 * pulse * np.exp(-np.abs(far) * 0.9), "0b0420", "2b0a4f", "8a1c7c", "ff2e97")
    tube = glow(far, 0.16 * np.exp(c.of("shape", 0.12)))
    return wall + tube[..., None] * colour("8ff6ff") + 0.3 * glow(far, 0.6)[..., None] * colour("2e6bff")


def letters(c: Canvas) -> np.ndarray:
    """A mosaic of letters, each tile in its own colours."""
    fine = 1.55 * np.exp(c.of("detail", 0.06))
    column, row = np.floor(c.x * fine + 0.5), np.floor(c.y * fine + 0.5)
    u, v = c.x * fine - column, c.y * fine - row
    shade = 0.5 + 0.42 * np.sin(1.9 * column + 0.8 * row + c.of("phase", 0.5))
    tile = palette(shade, "264653", "2a9d8f", "e9c46a", "f4a261", "e76f51")
    far = np.zeros_like(c.x)
    for number, letter in enumerate(_LETTERS):
        mine = (column + 3 * row) % len(_LETTERS) == number
        far = np.where(mine, _sample(_distance(letter), u * 2.1, v * 2.1), far)
    ink = step(far, 2.2 + c.of("shape", 0.8), -0.6)
    edge = step(np.maximum(np.abs(u), np.abs(v)), 0.49, 0.44)
    return mix(tile * (0.35 + 0.65 * edge)[..., None], colour("fffaf0"), 0.95 * ink)


_LETTERS = "HALUSION"


def _sample(field: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A square [size, size] over -1..1 at any points, bilinear; beyond its edge as at the edge."""
    size = field.shape[0]
    column, row = (np.clip((place + 1) / 2 * (size - 1), 0, size - 1.001) for place in (x, y))
    left, top = column.astype(np.int32), row.astype(np.int32)
    across, down = column - left, row - top
    upper = field[top, left] * (1 - across) + field[top, left + 1] * across
    lower = field[top + 1, left] * (1 - across) + field[top + 1, left + 1] * across
    return (upper * (1 - down) + lower * down).astype(np.float32)


@cache
def _distance(letter: str) -> np.ndarray:
    """Signed distance to a letter's outline, pixels, negative inside: float32 [SIZE, SIZE]."""
    inside = _drawn(letter)
    return np.where(inside, -_to(~inside), _to(inside)).astype(np.float32)


def _to(wanted: np.ndarray) -> np.ndarray:
    """Distance of each pixel to the nearest wanted one."""
    rows, columns = np.nonzero(wanted)
    far = np.empty(wanted.shape, np.float32)
    for row in range(wanted.shape[0]):
        apart = np.square(rows - row)[:, None] + np.square(columns[:, None] - np.arange(wanted.shape[1]))
        far[row] = np.sqrt(apart.min(axis=0))
    return far


def _drawn(letter: str) -> np.ndarray:
    """Which pixels of a square the letter covers."""
    from matplotlib import get_data_path
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("L", (SIZE, SIZE))
    font = ImageFont.truetype(f"{get_data_path()}/fonts/ttf/DejaVuSans-Bold.ttf", round(SIZE * 0.74))
    ImageDraw.Draw(image).text((SIZE / 2, SIZE / 2), letter, fill=255, font=font, anchor="mm")
    return np.asarray(image) > 127
