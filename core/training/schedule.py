"""How learning rates and weights of losses change in the course of a run, as shares 0..1 of their full value."""

import math

import numpy as np

Scalars = dict[str, np.float32]


def scalars(rate: float, kl_weight: float) -> Scalars:
    """What a step takes from the schedule: "rate", and "kl_weight", how strongly learned latents are drawn together."""
    return {"rate": np.float32(rate), "kl_weight": np.float32(kl_weight)}


def ramp_up(share: float) -> float:
    """Rise from 0 to 1 in the first half of a phase, of which `share` (0..1) has passed."""
    return min(1.0, 2.0 * share)


def delayed_rise(passed: float, delay: float) -> float:
    """Stay at 0 for a `delay`, then rise to 1 in as much time again; always 1 without a delay."""
    return max(0.0, min(1.0, passed / delay - 1.0)) if delay else 1.0


def linear_fall(left: float, last: float) -> float:
    """Stay at 1 while `left`, the time that remains, is above 1; then fall with it, no further than to `last`."""
    return max(last, min(1.0, left))


def cosine_fall(share: float, last: float) -> float:
    """Fall from 1 to `last` along half a cosine, while `share` of a phase passes (0..1)."""
    return last + (1 - last) * (0.5 + 0.5 * math.cos(math.pi * share))
