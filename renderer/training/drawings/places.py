"""Drawings of places with a sky: waves, dunes, northern lights, lightning."""

from typing import TYPE_CHECKING

import numpy as np

from renderer.training.drawings.sheet import Sheet, mix, spaced, stars, step

if TYPE_CHECKING:
    from PIL import ImageDraw


def waves(s: Sheet) -> np.ndarray:
    """Waves of the sea as a woodcut shows them, each with lines along its crest."""
    picture = s.ramp(0.93 - 0.18 * step(s.y, -1.0, 0.3))
    sun = np.hypot(s.x - s.between(-0.6, 0.6), s.y + s.between(0.35, 0.65))
    picture = mix(picture, s.ramp(0.66), step(sun, 0.235, 0.225))
    rows, place = int(s.rng.integers(6, 9)), np.linspace(-1, 1, s.count)
    for number in range(rows):
        near = number / (rows - 1)
        speed, height = s.between(4.0, 7.0), 0.09 + 0.05 * near
        phase = place * speed + s.between(0, 6.3)
        crest = np.abs(np.sin(phase / 2 + 0.3 * np.sin(phase))) ** 0.8
        edge = -0.3 + 1.15 * near - height * crest + 0.02 * spaced(s, s.count, 80)
        depth = s.y - edge[None]
        tone = 0.62 - 0.5 * near**0.7 - 0.16 * np.clip(depth, 0, 1)
        body = s.ramp(tone)
        lines = 0.5 + 0.5 * np.cos(depth * (95 - 25 * near))
        body = mix(body, s.ramp(0.8), 0.85 * step(lines, 0.72, 0.9) * np.exp(-np.clip(depth, 0, 1) * 7))
        body = mix(body, s.ramp(0.98), step(depth, 0.03, 0.02))
        picture = mix(picture, body, step(depth, -0.003, 0.004))
    return picture


def dunes(s: Sheet) -> np.ndarray:
    """Ridges one before the other in the evening light, and a sun or moon."""
    picture = s.ramp(0.95 - 0.4 * step(s.y, 0.1, -1.1))
    far = np.hypot(s.x - s.between(-0.6, 0.6), s.y + s.between(0.2, 0.6))
    size = s.between(0.1, 0.24)
    picture = mix(picture + 0.25 * np.exp(-far * 3)[..., None], s.ramp(1.0), step(far, size + 0.006, size - 0.004))
    rows, jagged = int(s.rng.integers(5, 8)), s.chance(0.5)
    for number in range(rows):
        near = number / (rows - 1)
        coarse = spaced(s, s.count * 2, int(230 - 90 * near))[: s.count]
        fine = spaced(s, s.count, 12 if jagged else 70) * (0.012 if jagged else 0.02)
        edge = -0.2 + 1.0 * near + (0.16 - 0.05 * near) * coarse * 0.7 + fine
        depth = s.y - edge[None]
        tone = 0.78 - 0.74 * near**0.85 - 0.1 * step(depth, 0.0, 0.5) + 0.16 * np.exp(-np.clip(depth, 0, 1) * 24)
        picture = mix(picture, s.ramp(tone + 0.015 * s.noise(24.0, 1.0)), step(depth, -0.003, 0.004))
    return picture


def aurora(s: Sheet) -> np.ndarray:
    """Northern lights over a dark forest."""
    picture = s.ramp(0.02 + 0.13 * step(s.y, -1.0, 0.9)) + 0.8 * stars(s, 60, 1.4)[..., None]
    place = np.linspace(-1, 1, s.count)
    for _ in range(int(s.rng.integers(2, 4))):
        curve = s.between(-0.25, 0.35) + 0.14 * spaced(s, 2 * s.count, 220)[: s.count] + s.between(-0.3, 0.3) * place
        rays = np.clip(0.65 + 0.35 * spaced(s, s.count, 7) + 0.3 * spaced(s, s.count, 60), 0.05, 1.6)
        above = curve[None] - s.y + 0.015 * s.noise(5.0, 2.0)
        tall = s.between(0.35, 0.65)
        curtain = step(above, -0.015, 0.02) * np.exp(-np.clip(above, 0, 2) / (tall * (0.5 + 0.5 * rays[None])))
        curtain = curtain * rays[None]
        picture = picture + s.ramp(0.78 - 0.5 * np.clip(above / tall, 0, 1)) * (0.85 * curtain)[..., None]
    trees = _trees(s, place)
    return mix(picture, s.ramp(0.0) * 0.5, step(s.y - trees[None], -0.003, 0.004))


def _trees(s: Sheet, place: np.ndarray) -> np.ndarray:
    """The upper edge of a forest, [n]."""
    edge = np.full(s.count, 0.95) - 0.05 * spaced(s, s.count, 150)
    for _ in range(46):
        middle, tall = s.between(-1.05, 1.05), s.between(0.08, 0.32)
        far = np.abs(place - middle) / (0.2 * tall + 0.004)
        teeth = 0.05 * tall * (1 + np.sign(np.sin(far * 22)))
        edge = np.minimum(edge, 0.97 - tall * np.clip(1 - far, 0, 1) ** 0.8 + teeth * (far < 1))
    return edge


def lightning(s: Sheet) -> np.ndarray:
    """Lightning between clouds and the ground."""
    from PIL import Image, ImageDraw
    from scipy.ndimage import gaussian_filter

    plate = Image.new("L", (s.count, s.count))
    pen = ImageDraw.Draw(plate)
    for _ in range(int(s.rng.integers(1, 3))):
        _bolt(s, pen, np.array((s.between(-0.6, 0.6), -1.1)), np.array((s.between(-0.7, 0.7), 0.85)), 3.2, 0)
    bolt = np.asarray(plate, np.float32) / 255
    core, near, wide = (gaussian_filter(bolt, width) for width in (0.8, 5.0, 28.0))
    cloud = s.noise(1.0, 2.0) * 0.5 + s.noise(2.0, 1.9) * 0.3
    sky = 0.1 + 0.1 * cloud + 0.12 * step(-s.y, -0.2, 1.0) + np.clip(wide * 3.5, 0, 0.5) * (0.7 + 0.4 * cloud)
    picture = s.ramp(sky) + s.ramp(0.72) * (1.6 * near)[..., None] + np.clip(1.6 * core, 0, 1)[..., None]
    edge = 0.84 + 0.03 * spaced(s, s.count, 60) + 0.01 * spaced(s, s.count, 8)
    return mix(picture, s.ramp(0.0), step(s.y - edge[None], -0.003, 0.004))


def _bolt(s: Sheet, pen: "ImageDraw.ImageDraw", start: np.ndarray, end: np.ndarray, width: float, depth: int) -> None:
    """A crooked line with branches, made by moving middles."""
    points = np.stack([start, end])
    reach = 0.16 * np.linalg.norm(end - start)
    for _ in range(6):
        middles = (points[1:] + points[:-1]) / 2 + s.rng.normal(0, reach, (len(points) - 1, 2)) * (1.0, 0.35)
        joined = np.empty((2 * len(points) - 1, 2))
        joined[::2], joined[1::2] = points, middles
        points, reach = joined, reach * 0.52
    pixels = [tuple((point + 1) * s.count / 2) for point in points]
    pen.line(pixels, fill=int(255 / (1 + 0.7 * depth)), width=max(1, round(width)), joint="curve")
    for _ in range(int(s.rng.integers(3, 6)) if depth < 2 else 0):
        at = int(s.rng.integers(8, len(points) - 12))
        way = (points[-1] - points[at]) * s.between(0.3, 0.7) + s.rng.normal(0, 0.3, 2) * (1, 0.3)
        _bolt(s, pen, points[at], points[at] + way, width * 0.55, depth + 1)
