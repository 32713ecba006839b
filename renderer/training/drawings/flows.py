"""Drawings of what flows: ink, stone, water, fire, clouds."""

import numpy as np

from renderer.training.drawings.sheet import Sheet, glow, line, mix, relief, spaced, stars, step


def ink(s: Sheet) -> np.ndarray:
    """Ink on water, drawn out into threads."""
    bend = s.noise(1.0, 3.0) * s.between(0.18, 0.3)
    swirl = s.noise(1.6, 3.2) * s.between(0.12, 0.22)
    x, y = s.turned(s.between(0, np.pi))
    level = s.at(s.noise(1.0, 3.4, 40), x + bend, y + swirl) * 1.5 + y * s.between(0.5, 1.5)
    row = spaced(s, 512, 40)
    place = (level * 50) % 512
    tone = np.interp(place, np.arange(513), np.append(row, row[0])).astype(np.float32)
    picture = s.ramp(0.5 + 0.33 * tone)
    threads = line(level * s.between(2.5, 4.5), s.between(1.5, 3.0))
    return mix(picture, s.ramp(0.97 if s.chance(0.6) else 0.0), 0.85 * threads)


def marble(s: Sheet) -> np.ndarray:
    """Stone with veins, some of them gold."""
    warp = s.noise(1.2, 2.2)
    first = s.noise(1.2, 2.0) + 0.5 * warp
    vein = np.abs(first)
    fine = np.abs(s.noise(3.0, 1.9) + 0.6 * first)
    body = 0.78 + 0.1 * s.noise(1.5, 2.2) if s.chance(0.6) else 0.2 + 0.08 * s.noise(1.5, 2.2)
    stone = s.ramp(body - 0.5 * np.sign(body.mean() - 0.5) * (np.exp(-vein / 0.16) * 0.75 + np.exp(-fine / 0.09) * 0.3))
    gold = np.array((0.86, 0.65, 0.25)) * (0.8 + 0.5 * relief(first, 3.0))[..., None]
    width = 0.05 + 0.04 * step(warp, -0.5, 1.5)
    return mix(stone, gold, step(width - np.abs(first - 0.35), 0.0, 0.02) * step(warp, -0.4, 0.0))


def agate(s: Sheet) -> np.ndarray:
    """A slice of agate: fine bands around a hollow of crystals."""
    x, y = s.turned(s.between(0, 6.3), s.between(-0.5, 0.5), s.between(-0.5, 0.5))
    far = np.hypot(x, y * s.between(1.1, 1.7)) + 0.2 * s.noise(1.2, 3.2) + 0.012 * s.noise(8.0, 2.0)
    row = spaced(s, 1024, 5) * 0.5 + spaced(s, 1024, 40) * 0.8
    tone = np.interp(np.clip(far, 0, 3) * 330, np.arange(1024), row).astype(np.float32)
    picture = s.ramp(0.52 + 0.27 * tone + 0.04 * s.noise(20.0, 1.5))
    hollow = step(far, 0.34, 0.31)
    spark = np.abs(s.noise(14.0, 1.2)) * (0.55 + 0.45 * relief(s.noise(9.0, 1.5), 1.5))
    picture = mix(picture, s.ramp(0.1 + 0.75 * spark), hollow)
    return mix(picture, s.ramp(1.0), 0.9 * glow(far - 0.335, 0.014))


def caustics(s: Sheet) -> np.ndarray:
    """Light on the ground of clear water."""
    light = np.zeros_like(s.x)
    for waves, strength in ((s.between(1.8, 2.6), 1.0), (s.between(3.2, 4.5), 0.55)):
        bent = s.noise(waves, 2.6) * 0.1
        field = s.bands(waves * 1.6, 0.35)
        ridge = np.abs(s.at(field, s.x + bent, s.y - bent))
        light += strength * (np.exp(-ridge / 0.07) + 0.45 * np.exp(-ridge / 0.35))
    ground = 0.3 + 0.07 * s.noise(1.0, 2.5) - 0.12 * s.y * s.between(0, 1)
    return s.ramp(ground + 0.5 * light) + 0.12 * np.clip(light - 0.8, 0, 1)[..., None]


def fire(s: Sheet) -> np.ndarray:
    """Flames, and sparks above them."""
    rise = (s.y + 1) * 0.5
    x = s.x * 1.0 + 0.1 * s.noise(1.5, 2.6) * (1.2 - rise)
    tongue = s.at(s.noise(2.0, 2.0), x * 1.1, s.y * 0.42 + 0.05 * s.noise(3.0, 2.0))
    lick = 1 - np.abs(s.at(s.noise(3.0, 2.0), x * 1.2, s.y * 0.5))
    heat = 1.75 * rise - 0.72 + 0.36 * tongue + 0.3 * lick * rise
    edge = step(heat, 0.0, 0.1)
    flame = s.ramp(np.clip(0.22 + 0.78 * heat * (0.75 + 0.35 * lick), 0, 1)) * edge[..., None]
    back = s.ramp(0.03 + 0.12 * np.exp(-np.square((heat + 0.1) / 0.3)))
    sparks = stars(s, 26, 1.4) * step(0.75 - rise, 0.0, 0.4)
    return mix(back, flame, edge) + sparks[..., None] * s.ramp(0.8)


def nebula(s: Sheet) -> np.ndarray:
    """Clouds of gas between the stars, with dark lanes."""
    bend = 0.12 * s.noise(1.0, 2.4)
    cloud = s.at(s.noise(1.0, 1.9), s.x + bend, s.y - bend)
    other = s.noise(1.3, 1.9)
    lane = np.abs(s.noise(1.2, 1.9) + 0.4 * cloud)
    dust = 1 - np.exp(-lane / 0.3)
    light = step(0.35 + 0.3 * cloud, -0.25, 1.1) * (0.3 + 0.7 * dust)
    picture = s.ramp(0.02 + 0.95 * light)
    second = s.ramp(0.55)[::-1] * step(other, 0.2, 2.0)[..., None] * (0.6 * dust)[..., None]
    edge = s.ramp(0.85) * (0.35 * np.exp(-lane / 0.05) * step(cloud, -0.3, 1.0))[..., None]
    return picture + second * 0.8 + edge + stars(s, 70)[..., None] * np.array((1.0, 0.96, 0.92))


def contours(s: Sheet) -> np.ndarray:
    """A map: heights in tints, with contour lines and lit slopes."""
    height = s.noise(1.2, 2.7, 60) + 0.04 * s.noise(6.0, 2.0)
    land = s.ramp(0.5 + 0.2 * np.floor(height * 5) / 5 + 0.02 * height)
    land = land * (1 + 0.35 * relief(height, 1.2))[..., None]
    lines = line(height * 5, 1.8) * 0.6
    index = line(height, 3.2)
    return mix(land, s.ramp(0.0), np.maximum(lines, 0.85 * index))
