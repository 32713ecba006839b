"""Drawings around a middle: flowers, eyes, mandalas, planets, galaxies."""

import numpy as np

from renderer.training.drawings.sheet import Sheet, glow, mix, relief, spaced, stars, step, tiles

TURN = 2 * np.pi


def flower(s: Sheet) -> np.ndarray:
    """A dahlia: rings of petals, one over the other."""
    x, y = s.turned(s.between(0, TURN), s.between(-0.08, 0.08), s.between(-0.08, 0.08))
    radius, angle = np.hypot(x, y), np.arctan2(y, x)
    picture = s.ramp(0.06 + 0.07 * s.noise(1.5, 2.5)) * 0.8
    count, rings, size = int(s.rng.integers(8, 17)), int(s.rng.integers(4, 7)), s.between(0.85, 1.0)
    point, deep = s.between(0.4, 1.0), s.chance(0.5)
    for ring in range(rings):
        reach = size * (1 - 0.78 * ring / rings)
        local = ((angle / TURN * count + 0.5 * ring) % 1 - 0.5) * 2
        edge = reach * (1 - 0.42 * np.abs(local) ** (1 + point))
        inside = step(edge - radius, -0.004, 0.008)
        share = radius / reach
        vein = 0.5 + 0.5 * np.cos(local * 9.0)
        tone = (0.25 + 0.6 * share if deep else 0.9 - 0.5 * share) - 0.22 * local**2 + 0.06 * vein * share
        shade = step(edge - radius, 0.0, 0.05) * 0.25 + 0.75
        picture = mix(picture, s.ramp(tone) * shade[..., None], inside)
    heart = 0.2 * size
    seeds = tiles(s, x * 26, y * 26, 0.6, 1)
    core = s.ramp(0.95 - 0.9 * seeds.first) * (1.1 - 0.8 * radius / heart)[..., None]
    return mix(picture, core, step(radius, heart + 0.008, heart - 0.008))


def iris(s: Sheet) -> np.ndarray:
    """The iris of an eye: fibres around a pupil."""
    x, y = s.turned(s.between(0, TURN), s.between(-0.05, 0.05), s.between(-0.05, 0.05))
    radius, angle = np.hypot(x, y), np.arctan2(y, x)
    pupil, rim = s.between(0.2, 0.38), s.between(0.88, 1.0)
    depth = (radius - pupil) / (rim - pupil)
    place = (angle / TURN % 1) * 1024 + 10 * s.noise(3.0, 2.0)
    ring = np.arange(1025)
    fine, coarse = (np.append(row, row[0]) for row in (spaced(s, 1024, 9), spaced(s, 1024, 26)))
    fibre = np.interp(place % 1024, ring, fine) * 0.6 + np.interp((place + 40 * depth) % 1024, ring, coarse) * 0.6
    collar = 0.3 + 0.05 * np.interp(place % 1024, ring, coarse)
    tone = 0.42 + 0.2 * fibre * step(depth, 0.0, 0.15) + 0.25 * glow(depth - collar, 0.12) - 0.2 * step(depth, 0.5, 1.0)
    picture = s.ramp(tone)
    picture = mix(picture, s.ramp(0.03), step(depth, 0.86, 1.0))
    outside = s.ramp(0.02 + 0.015 * s.noise(2.0, 2.0))
    picture = mix(picture, outside, step(radius, rim - 0.01, rim + 0.015))
    picture = mix(picture, np.array((0.01, 0.01, 0.02)), step(depth, 0.03, -0.02))
    spot = np.hypot(s.x + 0.17, s.y + 0.2) / 0.1
    return mix(picture, np.ones(3), 0.92 * step(spot, 1.05, 0.85))


def mandala(s: Sheet) -> np.ndarray:
    """Rings of ornaments, drawn with a fine pen."""
    count = int(s.rng.choice((8, 10, 12, 16)))
    radius, angle = np.hypot(s.x, s.y), np.arctan2(s.y, s.x) + np.pi / 2
    dark = s.chance(0.65)
    picture = s.ramp((0.04 if dark else 0.96) + 0 * radius)
    pen = s.ramp(0.95 if dark else 0.04)
    edges = np.cumsum(np.append(s.between(0.1, 0.18), s.rng.uniform(0.11, 0.25, 6)))
    inner = 0.0
    for number, outer in enumerate(edges):
        folds = count * (2 if outer > 0.5 and s.chance(0.6) else 1)
        local = np.abs(((angle / TURN * folds + 0.5 * (number % 2)) % 1) - 0.5) * 2
        share = (radius - inner) / (outer - inner)
        arc = local * TURN * (inner + outer) / 4 / folds / (outer - inner)
        field = _ORNAMENTS[int(s.rng.integers(len(_ORNAMENTS)))](local, share, arc)
        ring = (share >= 0) & (share < 1)
        width = 0.011 / (outer - inner)
        tone = s.rng.uniform(0.2, 0.9)
        fill = s.ramp(np.where(field > 0, tone, tone * 0.45 + 0.05) + 0 * radius)
        drawn = mix(fill, pen, step(np.abs(field), width * 1.6, width * 0.7))
        picture = mix(picture, drawn, ring.astype(np.float32))
        picture = mix(picture, pen, step(np.abs(radius - outer), 0.011, 0.005))
        inner = outer
    return mix(picture, s.ramp(0.02 if dark else 0.98), step(radius, edges[-1] + 0.004, edges[-1] + 0.012))


def _petals(local: np.ndarray, share: np.ndarray, arc: np.ndarray) -> np.ndarray:
    return 0.95 * (1 - local**1.6) - share


def _pearls(local: np.ndarray, share: np.ndarray, arc: np.ndarray) -> np.ndarray:
    return 0.36 - np.hypot(arc, share - 0.5)


def _rays(local: np.ndarray, share: np.ndarray, arc: np.ndarray) -> np.ndarray:
    return (1 - share) * 0.9 - local


def _scallops(local: np.ndarray, share: np.ndarray, arc: np.ndarray) -> np.ndarray:
    return np.abs(0.5 * np.sqrt(np.clip(1 - local**2, 0, 1)) + 0.3 - share) - 0.13


def _lattice(local: np.ndarray, share: np.ndarray, arc: np.ndarray) -> np.ndarray:
    return np.abs(np.abs(share - 0.5) * 2 - local) - 0.18


_ORNAMENTS = (_petals, _pearls, _rays, _scallops, _lattice)


def kaleidoscope(s: Sheet) -> np.ndarray:
    """Coloured glass between mirrors."""
    sectors = int(s.rng.choice((6, 8, 12)))
    radius, angle = np.hypot(s.x, s.y), np.arctan2(s.y, s.x) + np.pi / 2
    folded = np.abs((angle / TURN * sectors) % 1 - 0.5) * TURN / sectors
    u, v = radius * np.cos(folded), radius * np.sin(folded)
    t = tiles(s, u * 4.2 + 7, v * 4.2 + 7, 0.95, 2)
    wave = s.at(s.noise(1.5, 2.6), u, v)
    tone = 0.12 + 0.6 * t.own[..., 0] + 0.14 * np.cos(t.first * 7 + 2 * wave) + 0.08 * wave
    picture = s.ramp(tone)
    picture = mix(picture, s.ramp(1.0), 0.9 * glow(t.second - t.first, 0.045))
    return picture * (1.05 - 0.35 * radius**2)[..., None]


def planet(s: Sheet) -> np.ndarray:
    """A planet, lit from one side, among stars."""
    size, tilt = s.between(0.55, 0.78), s.between(-0.5, 0.5)
    x, y = s.turned(tilt, s.between(-0.08, 0.08), s.between(-0.08, 0.08))
    radius = np.hypot(x, y)
    up = np.sqrt(np.clip(1 - np.square(radius / size), 0, 1))
    east, north = np.arctan2(x / size, up + 1e-3) / np.pi, np.arcsin(np.clip(y / size, -1, 1)) / np.pi
    ground = s.noise(2.0, 1.9)
    banded = s.chance(0.5)
    if banded:
        bend = 0.035 * s.at(ground, east, north * 2)
        row = spaced(s, 512, 9)
        tone = 0.55 + 0.2 * np.interp((north + bend + 0.5) * 511, np.arange(512), row)
        tone = tone + 0.05 * s.at(ground, east * 0.6, north * 3)
    else:
        tone = 0.5 + 0.2 * s.at(ground, east, north) + 0.09 * relief(s.at(ground, east, north), 1.5)
    sun = s.between(0.4, 1.1) * (1 if s.chance(0.5) else -1)
    light = np.clip(np.cos(sun) * up + np.sin(sun) * x / size - 0.25 * y / size, 0, 1)
    surface = s.ramp(tone) * (0.03 + 1.05 * light)[..., None]
    sky = stars(s, 60)[..., None] * np.array((1.0, 0.97, 0.92)) + s.ramp(0.02)
    air = np.exp(-np.clip(radius - size, 0, 2) / 0.05) * np.clip(0.4 + x * np.sin(sun), 0, 1)
    sky = sky + s.ramp(0.75) * air[..., None]
    picture = mix(sky, surface, step(radius, size + 0.004, size - 0.006))
    picture = picture + s.ramp(0.8) * (0.35 * glow(radius - size + 0.02, 0.03) * light)[..., None]
    return _ring(s, picture, x, y, size) if s.chance(0.45) else picture


def _ring(s: Sheet, picture: np.ndarray, x: np.ndarray, y: np.ndarray, size: float) -> np.ndarray:
    far = np.hypot(x, y * s.between(3.2, 5.0)) / size
    row = np.clip(0.55 + 0.35 * spaced(s, 256, 5), 0, 1)
    cover = np.interp((far - 1.2) / 0.75 * 255, np.arange(256), row) * step(far, 1.2, 1.23) * step(far, 1.95, 1.9)
    hidden = (y < 0) & (np.hypot(x, y) < size)
    return mix(picture, s.ramp(0.55 + 0.35 * cover), np.where(hidden, 0, cover * 0.9))


def galaxy(s: Sheet) -> np.ndarray:
    """A spiral of stars, seen from the side."""
    x, y = s.turned(s.between(0, TURN))
    flat = s.between(1.0, 2.0)
    radius, angle = np.hypot(x, y * flat) + 1e-3, np.arctan2(y * flat, x)
    wind, arms = s.between(3.0, 5.0) * (1 if s.chance(0.5) else -1), int(s.rng.choice((2, 2, 3)))
    dust = s.noise(2.0, 1.7)
    arm = 0.5 + 0.5 * np.cos(arms * angle + wind * np.log(radius) * arms / 2 + 0.5 * dust)
    light = np.exp(-2.3 * radius) * arm**1.6 * (1 + 0.3 * dust) * 1.3 + 0.9 * np.exp(-np.square(radius / 0.16))
    lane = np.exp(-2.0 * radius) * np.abs(s.noise(4.0, 1.7)) * arm * 0.25
    grains = np.clip(s.noise(60.0, 0.0, 150) - 1.9, 0, 2) * np.exp(-1.8 * radius) * (0.3 + arm)
    picture = s.ramp(np.clip(light - lane, 0, 1) * 0.98 + 0.015) + 0.55 * grains[..., None]
    return picture + stars(s, 40)[..., None]
