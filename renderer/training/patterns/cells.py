"""Patterns of cells, facets and tiles."""

import numpy as np

from renderer.training.patterns.canvas import Canvas, colour, glow, mix, noise, palette, points, step


def cells(c: Canvas) -> np.ndarray:
    """Living cells with bright walls."""
    first, second, which = _voronoi(c, 49, 201)
    wall = second - first
    body = palette(_own(which, 202) * 0.8 + 0.25 * first, "0b1d2a", "134e5e", "2a9d8f", "b7e4c7")
    nucleus = glow(first, 0.085 * np.exp(c.of("shape", 0.15)))
    body = mix(body, colour("ff6b6b"), 0.9 * nucleus)
    return mix(body, colour("f1ffe7"), glow(wall, 0.045 * np.exp(c.of("detail", 0.2))))


def crystals(c: Canvas) -> np.ndarray:
    """Facets, each with its own slope to the light."""
    _, _, which = _voronoi(c, 36, 211)
    lean = 2 * np.pi * _own(which, 212) + c.of("shape", 0.5)
    first, second, _ = _voronoi(c, 36, 211)
    slope = np.cos(lean) * c.x + np.sin(lean) * c.y
    light = 0.5 + 0.28 * np.cos(lean - c.of("drift", 0.5)) + 0.28 * slope
    facet = palette(light, "1a0b3b", "4527a0", "7e57c2", "80deea", "ffffff")
    return mix(facet, colour("ffffff"), 0.55 * glow(second - first, 0.025 * np.exp(c.of("detail", 0.2))))


def spots(c: Canvas) -> np.ndarray:
    """The skin of an animal that never was, as reaction and diffusion draw it."""
    fine = 3.3 * np.exp(c.of("detail", 0.05))
    value = noise(c.x * fine, c.y * fine, c.of("phase", 0.35), 221, 1, 14) + c.of("shape", 0.16) + 0.25
    value = value + c.of("warp", 0.12) * c.x
    skin = palette(0.5 + 0.35 * c.y, "ffb347", "f77f50", "c94f7c")
    return mix(skin, colour("1c0f2b"), step(value, 0.1, 0.45)) + 0.18 * glow(value - 0.9, 0.35)[..., None]


def bubbles(c: Canvas) -> np.ndarray:
    """Glass balls with a rim and a spark."""
    picture = palette(0.5 + 0.5 * c.row, "1b1464", "0652dd", "12cbc4")
    t = c.of("phase", 0.25)
    for number, (x, y) in enumerate(points(12, 241, 1.15)):
        size = (0.2 + 0.13 * np.sin(2.4 * number)) * np.exp(c.of("shape", 0.08))
        far = np.hypot(c.x - x - 0.06 * np.sin(number + t), c.y - y - 0.12 * np.cos(1.7 * number + t)) / size
        inside = step(far, 1.02, 0.96)
        tone = palette(np.clip(far, 0, 1) ** 3 * 0.8 + 0.1 * np.sin(number), "5f27cd", "48dbfb", "fff2fb", "ff9ff3")
        picture = mix(picture, tone, inside * (0.25 + 0.65 * np.clip(far, 0, 1) ** (3 + c.of("detail", 0.4))))
        spark = glow(np.hypot(c.x - x + 0.35 * size, c.y - y + 0.35 * size) / size, 0.22)
        picture = picture + 0.8 * (spark * inside)[..., None]
    return picture


def hexagons(c: Canvas) -> np.ndarray:
    """Honeycomb, each comb lit by itself."""
    fine = 2.1 * np.exp(c.of("detail", 0.06))
    x, y = c.x * fine, c.y * fine
    first = _hex(x, y, 0.0, 0.0)
    second = _hex(x, y, 0.5, 0.8660254)
    nearer = first[0] < second[0]
    local_x, local_y, own_x, own_y = (np.where(nearer, a, b) for a, b in zip(first[1:], second[1:], strict=True))
    edge = 0.5 - np.maximum(np.abs(local_x), np.abs(0.5 * local_x) + np.abs(0.8660254 * local_y))
    shade = 0.5 + 0.45 * np.sin(1.3 * own_x + c.of("phase", 0.6)) * np.cos(1.1 * own_y + c.of("shape", 0.5))
    comb = palette(shade, "3d0c02", "b23a00", "ffa200", "fff3b0")
    return comb * (0.25 + 0.75 * step(edge, 0.02, 0.14 + c.of("warp", 0.02)))[..., None]


def _hex(x: np.ndarray, y: np.ndarray, shift_x: float, shift_y: float) -> tuple[np.ndarray, ...]:
    own_x, own_y = np.round(x - shift_x) + shift_x, np.round((y - shift_y) / 1.7320508) * 1.7320508 + shift_y
    local_x, local_y = x - own_x, y - own_y
    return np.hypot(local_x, local_y), local_x, local_y, own_x, own_y


def _voronoi(c: Canvas, count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distance to the nearest and the next point, and which the nearest is; the points circle with the phase."""
    t, rng = c.of("phase", 0.5), np.random.default_rng([seed, 1])
    wander = rng.uniform(0, 2 * np.pi, (count, 1)) + t
    middle = points(count, seed, 1.6) + (0.1 + c.of("warp", 0.02)) * np.concatenate([np.cos(wander), np.sin(wander)], 1)
    far = np.stack([np.hypot(c.x - x, c.y - y) for x, y in middle.astype(np.float32)])
    which = far.argmin(axis=0)
    first, second = np.partition(far, 1, axis=0)[:2]
    return first, second, which


def _own(which: np.ndarray, seed: int) -> np.ndarray:
    """A number in 0..1 for each cell."""
    return np.random.default_rng(seed).random(256).astype(np.float32)[which]
