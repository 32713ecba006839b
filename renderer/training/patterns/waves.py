"""Patterns of waves and folds."""

import numpy as np

from renderer.training.patterns.canvas import Canvas, colour, glow, mix, noise, palette, step, turns


def rings(c: Canvas) -> np.ndarray:
    """Two sources whose circular waves interfere."""
    apart = 0.55 + c.of("shape", 0.12)
    left, right = np.hypot(c.x - apart, c.y), np.hypot(c.x + apart, c.y)
    fine = 11 + c.of("detail", 0.9)
    height = np.cos(left * fine - c.of("phase", 0.8)) + np.cos(right * fine - c.of("phase", 0.8))
    shade = height / 4 + 0.5 + c.of("warp", 0.04) * c.x
    lit = palette(shade, "06122e", "0e4c92", "37b6ce", "f2f7d5")
    return lit * (1.12 - 0.35 * c.radius[..., None])


def ripples(c: Canvas) -> np.ndarray:
    """Drops on still water, lit from the upper left."""
    height = np.zeros_like(c.x)
    for number, (x, y, strength) in enumerate(((-0.35, -0.3, 1.0), (0.5, 0.25, 0.8), (-0.1, 0.7, 0.55))):
        far = np.hypot(c.x - x - c.of("drift", 0.05) * number, (c.y - y) * 1.35)
        fine = 15 + c.of("detail", 1.2)
        height += strength * np.cos(far * fine - c.of("phase", 0.9)) * np.exp(-far * (1.6 + c.of("shape", 0.25)))
    slope = np.gradient(height, axis=1) + np.gradient(height, axis=0)
    shine = np.clip(slope * 7, -1, 1)
    water = palette(0.5 + 0.22 * height - 0.3 * c.row, "04201f", "0b5d5e", "2fa6a0", "c4efe0")
    return np.clip(water + 0.5 * np.clip(shine, 0, 1)[..., None] + 0.25 * np.clip(shine, -1, 0)[..., None], 0, 1)


def plasma(c: Canvas) -> np.ndarray:
    """Slow waves of colour running through each other."""
    t = c.of("phase", 0.7)
    value = np.sin(2.6 * c.x + t) + np.sin(2.9 * c.y - 0.7 * t + c.of("shape", 0.5))
    value += np.sin(2.2 * (c.x + c.y) + c.of("warp", 0.6)) + np.sin(4.4 * c.radius - t)
    return palette(turns(value / 7 + c.of("drift", 0.08) + 0.13), "35004e", "d3156b", "ff8a3c", "ffe98a", "2ec4d6")


def marble(c: Canvas) -> np.ndarray:
    """Veins in stone: a sine through warped noise."""
    t = c.of("phase", 0.5)
    bent = c.x + 0.45 * noise(c.x * 0.9, c.y * 0.9, t, 11) + c.of("warp", 0.16) * noise(c.x * 1.8, c.y * 1.8, -t, 12)
    vein = np.abs(np.sin(4.2 * (bent + 0.35 * c.y) + c.of("shape", 0.5)))
    stone = palette(vein ** (0.55 * np.exp(c.of("detail", 0.12))), "1d1220", "7a4a5e", "d8b7a6", "f7efe6")
    gold = glow(vein - 0.12, 0.07)
    return mix(stone, colour("e0a63a"), 0.75 * gold)


def silk(c: Canvas) -> np.ndarray:
    """A cloth with deep folds."""
    t = c.of("phase", 0.6)
    fold = 3.1 * c.x + 1.5 * np.sin(1.9 * c.y + t) + 0.8 * noise(c.x * 0.8, c.y * 0.8, c.of("warp", 0.7), 21)
    height = np.sin(fold) + 0.35 * np.sin(2.3 * fold + 1.5 * c.y + c.of("shape", 0.6))
    shade = 0.5 + 0.36 * height
    cloth = palette(shade, "1a0206", "7d0d22", "d8314a", "ffb3a1")
    return cloth + 0.35 * (np.clip(height - 0.75, 0, 1) * (1.2 + c.of("detail", 0.2)))[..., None]


def weave(c: Canvas) -> np.ndarray:
    """Ribbons over and under each other."""
    scale = 2.4 * np.exp(c.of("detail", 0.07))
    u, v = (c.x + c.y) * scale / 1.414 + c.of("phase", 0.14), (c.y - c.x) * scale / 1.414
    over = step(np.cos(np.pi * u) * np.cos(np.pi * v), -0.35, 0.35)
    wide = 0.1 + c.of("shape", 0.05)
    warp_shade, weft_shade = turns(u + 0.5) * (1 - wide) + wide, turns(v + 0.5) * (1 - wide) + wide
    warp = palette(warp_shade * (0.55 + 0.45 * over), "10151f", "1f5f8b", "7fd1e8")
    weft = palette(weft_shade * (1 - 0.45 * over), "160d08", "b5541c", "ffd08a")
    return mix(weft, warp, over * (0.9 + c.of("warp", 0.04)))


def stripes(c: Canvas) -> np.ndarray:
    """Bands of sediment, folded."""
    t = c.of("phase", 0.5)
    level = 1.3 * c.y + 0.42 * noise(c.x * 0.75, c.y * 0.75, t, 31) + c.of("warp", 0.14) * np.sin(3 * c.x + t)
    band = level * (1.1 + c.of("detail", 0.06)) + 0.5 + c.of("shape", 0.12)
    colours = palette(turns(band * 0.5), "2a1b3d", "8e3b46", "e07a3f", "f3c969", "5b8e7d", "1b3a4b")
    return colours * (0.78 + 0.22 * np.cos(2 * np.pi * band * 3.0))[..., None]
