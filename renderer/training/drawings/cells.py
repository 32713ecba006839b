"""Drawings of cells, panes, facets, mazes, feathers and ribbons."""

import numpy as np

from renderer.training.drawings.sheet import Sheet, glow, mix, relief, step, tiles


def cells(s: Sheet) -> np.ndarray:
    """Living cells under a microscope, with nuclei and membranes."""
    fine = s.between(2.4, 3.6)
    bend = 0.05 * s.noise(2.0, 2.5)
    t = tiles(s, (s.x + bend) * fine, (s.y - bend) * fine, 0.75, 3)
    wall = t.second - t.first
    grain = s.noise(12.0, 1.5)
    body = s.ramp(0.22 + 0.3 * t.own[..., 0] + 0.12 * step(wall, 0.0, 0.5) + 0.035 * grain)
    off_x, off_y = (t.own[..., 1] - 0.5) * 0.3, (t.own[..., 2] - 0.5) * 0.3
    far = np.hypot(t.across - off_x, t.down - off_y) + 0.012 * grain
    nucleus = step(far, 0.17, 0.145)
    body = mix(body, s.ramp(0.1 + 0.06 * grain), 0.8 * nucleus)
    body = mix(body, s.ramp(0.85), glow(far - 0.16, 0.018) * 0.8 + 0.9 * step(far, 0.06, 0.04))
    return mix(body, s.ramp(0.92), glow(wall, 0.055)) - 0.12 * glow(wall - 0.12, 0.05)[..., None]


def glass(s: Sheet) -> np.ndarray:
    """A stained glass window: panes between strips of lead."""
    if s.chance(0.5):
        x, y = s.x * 3.0, s.y * 3.0
    else:
        radius, angle = np.hypot(s.x, s.y), np.arctan2(s.y, s.x)
        x, y = angle * (8 / np.pi), np.sqrt(radius) * 4.2
    t = tiles(s, x, y, 0.8, 2)
    wall = t.second - t.first
    light = 0.78 + 0.22 * (1 - np.hypot(s.x, s.y)) + 0.05 * s.noise(14.0, 1.2)
    pane = s.ramp(0.18 + 0.75 * t.own[..., 0]) * light[..., None]
    pane = pane * (1 + 0.2 * (t.own[..., 1, None] - 0.5)) + 0.05 * relief(s.noise(6.0, 1.8), 2.0)[..., None]
    lead = step(wall, 0.1, 0.07)
    metal = np.array((0.06, 0.06, 0.07)) + 0.16 * glow(wall - 0.03, 0.03)[..., None]
    return mix(pane, metal, lead)


def crystals(s: Sheet) -> np.ndarray:
    """Facets of a crystal, each with its own slope to the light."""
    fine = s.between(1.5, 2.3)
    x, y = s.turned(s.between(0, 6.3))
    large = tiles(s, x * fine, y * fine, 0.95, 3)
    lean = 2 * np.pi * large.own[..., 0]
    small = tiles(s, x * fine * 2.1 + large.own[..., 1] * 20, y * fine * 2.1, 0.95, 2)
    slope = np.cos(lean) * large.across + np.sin(lean) * large.down
    light = 0.42 + 0.26 * np.cos(lean - 0.8) + 0.5 * slope + 0.2 * (small.own[..., 0] - 0.5) + 0.1 * small.down
    picture = s.ramp(light)
    edges = 0.5 * glow(small.second - small.first, 0.022) + 0.95 * glow(large.second - large.first, 0.022)
    return mix(picture, s.ramp(1.0), np.clip(edges, 0, 1))


def coral(s: Sheet) -> np.ndarray:
    """A maze as corals and the skins of fish have it, raised and lit."""
    bend = s.noise(1.2, 2.6) * 0.12
    field = s.at(s.bands(s.between(6.5, 9.5), 0.12), s.x + bend, s.y + bend)
    ridge = np.tanh(1.6 * (field + s.between(-0.35, 0.35)))
    tone = 0.45 + 0.34 * ridge + 0.1 * s.noise(1.0, 2.5)
    picture = s.ramp(tone) * (1 + 0.4 * relief(ridge, 0.8))[..., None]
    return mix(picture, s.ramp(1.0), 0.55 * glow(field - 1.3, 0.12))


def feathers(s: Sheet) -> np.ndarray:
    """Feathers of a peacock, one over the other."""
    fine = s.between(1.25, 1.75)
    bend = 0.05 * s.noise(1.2, 2.6)
    x, y = (s.x + bend) * fine + s.between(0, 2), (s.y + bend) * fine * 1.4
    picture = np.zeros((*s.x.shape, 3), np.float32)
    bottom = np.floor(y)
    for back in (2, 1, 0):
        row = bottom + 1 - back
        shift = 0.5 * (row % 2)
        column = np.floor(x + shift)
        u, v = (x + shift - column - 0.5) * 2, (row + 1.6 - y) / 1.6
        inside = step(1 - np.hypot(u * (0.92 + 0.1 * v), (v - 0.52) * 1.9), 0.0, 0.03)
        picture = mix(picture, _feather(s, u, v), inside)
    return picture


def _feather(s: Sheet, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """One feather: u from -1 to 1 across, v from 0 at the tip to 1."""
    far = np.hypot(u * 1.05, (v - 0.34) * 2.1)
    barbs = 0.5 + 0.5 * np.sin(26 * (np.abs(u) * 0.75 - v * 1.2))
    tone = 0.5 + 0.24 * np.cos(far * 4.4) + 0.14 * (barbs - 0.5)
    plain = s.ramp(tone * (1 - 0.35 * step(v, 0.4, 1.0)))
    eye = mix(plain, s.ramp(0.93 - 0.06 * barbs), step(far, 0.56, 0.53) * step(far, 0.4, 0.43))
    eye = mix(eye, s.ramp(0.62 + 0.06 * barbs), step(far, 0.42, 0.39))
    eye = mix(eye, s.ramp(0.06), step(np.hypot(u * 1.1, (v - 0.37) * 2.3), 0.25, 0.22))
    return mix(eye, s.ramp(0.9), 0.55 * glow(u, 0.03) * step(v, 0.5, 0.65))


def truchet(s: Sheet) -> np.ndarray:
    """Arcs on square tiles, each turned at random, that join to endless ribbons."""
    count = s.between(2.6, 4.2)
    x, y = s.turned(s.between(0, 1.57))
    u, v = x * count + 20, y * count + 20
    column, row = np.floor(u).astype(np.int32), np.floor(v).astype(np.int32)
    flip = s.rng.random((48, 48)) < 0.5
    a, b = u - column, v - row
    a = np.where(flip[row % 48, column % 48], 1 - a, a)
    first, second = np.hypot(a, b), np.hypot(1 - a, 1 - b)
    far = np.minimum(np.abs(first - 0.5), np.abs(second - 0.5))
    side = (column + row) % 2 == (np.minimum(first, second) < 0.5)
    side = np.where(flip[row % 48, column % 48], ~side, side)
    picture = s.ramp(np.where(side, 0.2, 0.42) + 0.05 * s.noise(1.0, 2.5))
    for width, tone in ((0.26, 0.02), (0.22, 0.66), (0.13, 0.95), (0.075, 0.3)):
        picture = mix(picture, s.ramp(tone), step(far, width, width - 0.02))
    return picture
