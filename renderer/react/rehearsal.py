"""Try a configuration on a few seconds of noise, so that a mistake is named before the song is read and analysed.

Every signal and every control is tried, also those that the model at hand does not use.
"""

from functools import lru_cache

import numpy as np

from core import checks
from core.audio.pieces import SAMPLE_RATE
from core.audio.signals import segments
from core.audio.signals.chain import Analysis
from core.audio.signals.envelopes import rms
from renderer.bending import TRANSFORMS
from renderer.react.config import ReactConfig, TrackConfig
from renderer.react.curves import Curves
from renderer.react.sounds import MIX, STEMS

_SECONDS, _FPS = 2, 24.0
# Of a bend, controls that may be left to the transform.
_OPTIONAL = ("x", "y")


def rehearse(config: ReactConfig) -> None:
    """Try all signals and controls of a configuration.

    Raises:
        ValueError: a name is not known, a step does not fit, or a value is of the wrong kind; the message says which.
    """
    frames = round(_SECONDS * _FPS)
    analysis = Analysis(config.signals, _sound, frames, _FPS)
    curves = Curves(analysis.values, np.array([0, frames // 2, frames - 1]), frames, _FPS)
    divided = config.segments
    segments.changes(rms(_sound(divided.source)), _SECONDS, divided.cutoff_hz, divided.shortest_s, divided.longest_s)
    for name in config.signals:
        analysis.values(name)
    for name, track in config.latents.tracks.items():
        _try_track(name, track, curves)
    if config.classes.follow == "weights":
        curves.columns("weights of classes", config.classes.weights)
    for name, control in _controls(config).items():
        curves.at(name, control)


def _try_track(name: str, track: TrackConfig, curves: Curves) -> None:
    if track.follow == "weights":
        curves.columns(f"weights of track {name}", track.weights)
    curves.at(f"position of track {name}", track.position)


def _controls(config: ReactConfig) -> dict[str, object]:
    """All controls that may be curves, by their names in messages."""
    found = {
        "modulation of latents": config.latents.modulation,
        "truncation of latents": config.latents.truncation,
        "position of classes": config.classes.position,
        "turns of noise": config.noise.turns,
        "sigma of noise": config.noise.sigma,
        "amount of displacement": config.displacement.amount,
        "turns of displacement": config.displacement.turns,
    }
    for number, bend in enumerate(config.bends, 1):
        checks.one_of(f"transform of bend {number}", bend.transform, tuple(TRANSFORMS))
        for key in ("amount", *_OPTIONAL, "turns"):
            if (control := getattr(bend, key)) is not None or key not in _OPTIONAL:
                found[f"{key} of bend {number}"] = control
    return found


def _sound(name: str) -> np.ndarray:
    checks.one_of("a sound", name, (MIX, *STEMS))
    return _noise()


@lru_cache(maxsize=1)
def _noise() -> np.ndarray:
    """Bursts of noise, float32, with strokes and a level that changes."""
    count = _SECONDS * SAMPLE_RATE
    burst = np.exp(-8.0 * (np.arange(count) / SAMPLE_RATE % 0.5))
    return (0.3 * burst * np.random.default_rng(0).standard_normal(count)).astype(np.float32)
