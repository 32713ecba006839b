"""Patterns after sky, earth and fire."""

import numpy as np

from renderer.training.patterns.canvas import Canvas, colour, glow, mix, noise, palette, step


def nebula(c: Canvas) -> np.ndarray:
    """Clouds of gas and a few stars."""
    t = c.of("phase", 0.5)
    bend = 0.5 + c.of("warp", 0.12)
    warp = noise(c.x, c.y, t, 41, 2)
    cloud = noise(c.x * 0.9 + bend * warp, c.y * 0.9 - bend * warp, c.of("shape", 0.7), 42, 3)
    dust = noise(c.x * 1.4 - bend * warp, c.y * 1.4, c.of("drift", 0.7), 43, 3)
    gas = palette(0.45 + 0.24 * cloud, "05030f", "1b1046", "7a1f8a", "ff5f8f", "ffe0b8")
    gas = (
        gas * (0.35 + 0.65 * step(dust, -1.6, 0.7))[..., None]
        + 0.35 * np.array([0.1, 0.5, 0.9]) * step(warp - 0.4 * cloud, 0.6, 2.2)[..., None]
    )
    stars = np.sum([glow(np.hypot(c.x - x, c.y - y), s) for x, y, s in _STARS], axis=0)
    return gas + stars[..., None] * (0.85 + c.of("detail", 0.1))


def aurora(c: Canvas) -> np.ndarray:
    """Curtains of light over a dark ridge."""
    t = c.of("phase", 0.6)
    sky = palette(0.5 + 0.5 * c.row, "030616", "0a1c3d", "123a4f")
    for number, (height, stop) in enumerate((("2bff9e", "2bff9e"), ("7bffd0", "57e0ff"), ("b56bff", "c87bff"))):
        foot = 0.42 - 0.27 * number + 0.16 * noise(c.x * 1.1 + number, c.x * 0, t, 51 + number)
        foot = foot + c.of("warp", 0.07) * np.sin(3 * c.x + number) + c.of("shape", 0.06)
        above = foot - c.y
        rays = 0.7 + 0.3 * noise(c.x * 4.5, c.x * 0 + number, c.of("drift", 0.8), 61 + number)
        light = step(above, -0.05, 0.06) * np.exp(-np.clip(above, 0, 3) * (2.3 + c.of("detail", 0.25))) * rays
        sky = sky + light[..., None] * (0.75 - 0.12 * number) * mix(
            np.broadcast_to(colour(height), (*c.x.shape, 3)), colour(stop), np.clip(above * 1.5, 0, 1)
        )
    ridge = 0.72 + 0.06 * noise(c.column * 2, c.column * 0, 0.4 * t, 71, 2)
    return mix(sky, colour("04070d"), step(c.row - ridge, -0.01, 0.02))


def flames(c: Canvas) -> np.ndarray:
    """Fire from below."""
    t = c.of("phase", 0.7)
    lift = 0.55 + 0.45 * c.row
    sway = c.of("warp", 0.12) + 0.3 * noise(c.x * 1.3, c.y * 0.8 + t, t, 81)
    tongues = noise(c.x * 2.1 + sway * (1.2 - lift), c.y * 0.75 + 0.5 * t, c.of("shape", 0.8), 82, 3)
    heat = 1.25 * lift + 0.3 * tongues - 0.55 * np.square(c.x * 0.75) + c.of("drift", 0.06) - 0.12
    return palette(heat * np.exp(c.of("detail", 0.04)), "050208", "2b0612", "a3160f", "f26a12", "ffd447", "fffbe0")


def contours(c: Canvas) -> np.ndarray:
    """A terrain with its contour lines."""
    height = noise(c.x * 0.85, c.y * 0.85, c.of("phase", 0.6), 91, 2) + c.of("shape", 0.2)
    height = height + c.of("warp", 0.18) * np.sin(2.5 * c.x)
    level = height * (1.9 + c.of("detail", 0.1))
    land = palette(0.5 + 0.2 * height, "123c52", "2c7a7b", "a7c957", "f2e8a0", "d98e4a", "fffaf0")
    near = np.abs(level - np.round(level)) / (np.hypot(*np.gradient(level)) * level.shape[0] / 128 + 1e-4)
    return land * (1 - 0.75 * np.exp(-np.square(near / 0.02 / 64)))[..., None]


def dunes(c: Canvas) -> np.ndarray:
    """Sand, wave behind wave."""
    return _layers(c, 6, ("ffe6b3", "f7a660", "c75b39", "6d2639", "2c1030"), 0.5, "fff2cc", 101)


def mountains(c: Canvas) -> np.ndarray:
    """Ridges in the mist, and a sun."""
    return _layers(c, 5, ("cfe8f5", "8fb8d9", "4f7fb0", "274b7a", "0d1f3c"), 1.5, "fff7d6", 111)


def contrails(c: Canvas) -> np.ndarray:
    """Light that winds along a flow."""
    t = c.of("phase", 0.6)
    total = palette(0.5 + 0.4 * c.y, "04040c", "0a0a24", "160a30")
    for number, stop in enumerate(("ff2e88", "ffb02e", "2ef2ff", "8c5bff", "5bff8c")):
        path = 0.55 * np.sin(1.7 * c.x + 1.25 * number + t) + 0.3 * np.sin(
            3.1 * c.x - 0.8 * t + number * (1 + c.of("shape", 0.1))
        )
        far = (c.y - path * (0.8 + c.of("warp", 0.1)) - 0.16 * (number - 2)) / np.sqrt(1 + np.cos(1.7 * c.x) ** 2)
        light = glow(far, 0.035 * np.exp(c.of("detail", 0.12))) + 0.4 * glow(far, 0.16)
        total = total + light[..., None] * colour(stop)
    return total


_STARS = tuple(
    (x, y, s) for x, y, s in zip(*np.random.default_rng(7).uniform(-1.1, 1.1, (2, 14)), [0.025, 0.035] * 7, strict=True)
)


def _layers(c: Canvas, count: int, stops: tuple[str, ...], rough: float, sun: str, seed: int) -> np.ndarray:
    """Horizons one before the other, far ones pale."""
    t = c.of("phase", 0.8)
    sky = palette(0.5 + 0.5 * c.row, stops[1], stops[0], stops[0])
    far = np.hypot(c.column - 0.35 - c.of("across", 0.1), c.row + 0.45 - c.of("shape", 0.1))
    picture = mix(sky, colour(sun), 0.95 * step(far, 0.22, 0.19) + 0.45 * np.exp(-far * 2.5))
    for number in range(count):
        near = number / (count - 1)
        edge = -0.25 + 1.05 * near + (0.15 - 0.04 * near) * noise(
            c.x * (0.8 + 0.5 * near) + 3 * number, c.x * 0, t + c.of("warp", 0.4) * number, seed + number,
            2 + (rough > 1), 6,
        )  # fmt: skip
        depth = c.y - edge + c.of("drift", 0.04) * near
        shade = palette(np.full_like(c.x, 0.25 + 0.75 * near) + 0.1 * np.exp(-np.clip(depth, 0, 2) * 5) - 0.08, *stops)
        lit = shade * (1 + 0.22 * rough * np.exp(-np.clip(depth, 0, 2) * (5 + c.of("detail", 0.5))))[..., None]
        picture = mix(picture, lit, step(depth, -0.008, 0.008))
    return picture
