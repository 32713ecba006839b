"""Patterns around a middle."""

import numpy as np

from renderer.training.patterns.canvas import Canvas, colour, glow, mix, noise, palette, step, turns


def rose(c: Canvas) -> np.ndarray:
    """A flower of five petals, ring within ring."""
    picture = palette(0.35 + 0.5 * c.radius, "0b3d20", "06230f", "020c06")
    for number in range(5):
        size = (1.0 - 0.18 * number) * 0.92
        petal = np.abs(np.cos(2.5 * (c.angle + 0.63 * number + c.of("phase", 0.1) * number)))
        edge = size * (0.62 + (0.36 + c.of("shape", 0.05)) * petal)
        depth = 1 - c.radius / edge
        tone = palette(
            0.15 + 0.16 * number + 0.55 * (1 - depth) * petal, "5c0029", "b3004b", "ff4d8d", "ffb3c6", "fff0f3"
        )
        picture = mix(picture, tone * (0.45 + 0.55 * step(depth, 0.0, 0.2))[..., None], step(depth, -0.01, 0.02))
    return mix(picture, colour("ffd23f"), step(c.radius, 0.16 + c.of("detail", 0.02), 0.09))


def mandala(c: Canvas) -> np.ndarray:
    """Rings of petals with eightfold symmetry."""
    r, a = c.radius, np.cos(8 * c.angle)
    value = np.cos(9 * r - c.of("phase", 0.6) + (0.9 + c.of("shape", 0.2)) * a * np.sin(3 * r + c.of("warp", 0.3)))
    inner = np.cos(5 * r + 1.5 * a)
    shade = 0.5 + 0.3 * value + 0.2 * inner * np.exp(c.of("detail", 0.1))
    return palette(shade, "1a0033", "6a0572", "d4418e", "ffbe0b", "fdf6e3") * (1.1 - 0.3 * r)[..., None]


def spiral(c: Canvas) -> np.ndarray:
    """A galaxy of two arms."""
    r = c.radius + 0.02
    arm = 2 * c.angle + (3.4 + c.of("shape", 0.3)) * np.log(r) + c.of("phase", 0.7)
    dust = noise(c.x * 2.2, c.y * 2.2, c.of("drift", 0.6), 301, 3)
    light = np.exp(-1.55 * r) * (0.5 + 0.5 * np.cos(arm + 0.35 * dust)) ** (1.3 + c.of("detail", 0.15)) * 1.5
    light = light * (0.85 + 0.12 * dust) + 0.9 * glow(r, 0.18)
    return palette(light, "02020a", "141450", "4a5fd0", "c7b6ff", "fff6e0")


def tunnel(c: Canvas) -> np.ndarray:
    """A way into the depth, tiled."""
    depth = 0.75 / (c.radius + 0.14)
    around = c.angle * 6 / (2 * np.pi) + c.of("swirl", 0.12) * depth
    tile = np.cos(2 * np.pi * (depth * (0.75 + c.of("detail", 0.03)) - c.of("phase", 0.12)))
    tile = tile * np.cos(2 * np.pi * around + c.of("shape", 0.3))
    wall = palette(0.5 + 0.75 * tile, "07121f", "0d3b66", "ee964b", "faf0ca")
    return wall * (1 - np.exp(-c.radius * 2.2))[..., None] + 0.55 * glow(c.radius, 0.17)[..., None] * colour("f95738")


def eclipse(c: Canvas) -> np.ndarray:
    """A dark disc before a burning crown."""
    size = 0.44 + c.of("shape", 0.03)
    rays = noise(np.cos(c.angle) * 2.0, np.sin(c.angle) * 2.0, c.of("phase", 0.6), 311, 3)
    outside = np.clip(c.radius - size, 0, 3)
    crown = np.exp(-outside * (3.0 - 0.8 * rays + c.of("detail", 0.25))) * (0.9 + 0.14 * rays)
    sky = palette(crown, "04030a", "2a0b2e", "b3282d", "ff9e2c", "fffbe6")
    return (
        mix(sky, colour("050308"), step(c.radius, size + 0.012, size - 0.012))
        + 0.2 * glow(np.hypot(c.x + 0.6 * size, c.y + 0.75 * size), 0.12)[..., None]
    )


def kaleidoscope(c: Canvas) -> np.ndarray:
    """Noise folded into six mirrors."""
    sector = np.pi / 3
    angle = np.abs((c.angle + 10 * sector) % sector - sector / 2)
    u, v = c.radius * np.cos(angle), c.radius * np.sin(angle)
    t = c.of("phase", 0.6)
    value = noise(u * 1.5 + c.of("warp", 0.12), v * 1.5, t, 321, 2)
    other = noise(u * 1.2, v * 1.2 + c.of("shape", 0.15), -t, 322, 1)
    glass = palette(0.5 + 0.3 * value, "003049", "d62828", "f77f00", "fcbf49", "eae2b7")
    return mix(glass, colour("2ec4b6"), 0.85 * step(other, 0.35, 0.9)) * (0.8 + 0.2 * turns(c.radius * 1.5))[..., None]


def blossom(c: Canvas) -> np.ndarray:
    """A lotus: pointed petals in three rings."""
    picture = palette(0.6 * c.radius, "123047", "0a1c2e", "040a14")
    for number, count in enumerate((12, 10, 8)):
        petal = np.abs(np.cos(0.5 * count * (c.angle + 0.26 * number) + c.of("phase", 0.12))) ** 0.7
        edge = (0.95 - 0.24 * number) * (0.35 + (0.65 + c.of("shape", 0.05)) * petal)
        depth = edge - c.radius
        tone = palette(0.2 * number + 0.75 * c.radius / edge, "fffbe8", "ffd6ec", "e07be0", "7b2cbf")
        vein = 0.82 + 0.18 * petal
        picture = mix(picture, tone * vein[..., None], step(depth, -0.012, 0.012))
    return mix(picture, colour("ffe066"), glow(c.radius, 0.12 * np.exp(c.of("detail", 0.1))))


def planet(c: Canvas) -> np.ndarray:
    """A banded ball, lit from one side."""
    size = 0.74
    inside = step(c.radius, size + 0.01, size - 0.015)
    up = np.sqrt(np.clip(1 - np.square(c.radius / size), 0, 1))
    band = (
        c.y * 2.4 + 0.22 * noise(c.x * 2, c.y * 1.2, c.of("phase", 0.6), 331, 2) + c.of("warp", 0.05) * np.sin(4 * c.x)
    )
    surface = palette(
        turns(band * (0.42 + c.of("detail", 0.02)) + c.of("drift", 0.1)), "5e3023", "c08552", "f3e9dc", "dab49d"
    )
    sun = 0.5 + c.of("shape", 0.25)
    light = np.clip(np.cos(sun) * up - np.sin(sun) * c.x / size * 0.9 - 0.35 * c.y / size, 0.04, 1.2)
    sky = palette(np.exp(-np.clip(c.radius - size, 0, 2) * 5), "02040f", "0b1a3a", "3b6ea5")
    return mix(sky, surface * light[..., None], inside)
