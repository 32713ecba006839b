"""Bends and noise of the live frames: what a model is given at a time."""

import functools
import math
from collections.abc import Hashable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, cast

import numpy as np

from core.protocols import ImageModel
from renderer.bending import Bend
from renderer.live.settings import Settings

# The whole image, as a layer; how fast a displacement map flows.
FRAMES = "rgb"
_FLOW_TURNS_S = 0.05
_SEED = 0


def layers_of(model: ImageModel | None) -> tuple[str, ...]:
    """The layers of a model that bend; none: it has none."""
    return tuple(getattr(model, "bend_layers", ()))


def noisy(model: ImageModel | None) -> bool:
    """Whether a model has noise inputs."""
    return bool(getattr(model, "noises", ()))


def usual_noise(model: ImageModel) -> dict[str, Any]:
    """The settings of the noise that a model has where nobody sets any; see its `usual_noise`, if it has one."""
    amount, speed = getattr(model, "usual_noise", (Settings.noise, Settings.noise_speed))
    return {"noise": amount, "noise_speed": speed}


def bends_at(settings: Settings, model: ImageModel, now_s: float) -> tuple[Bend, ...]:
    """The bends of a frame, in the order of their numbers; the displacement map last."""
    found = [bend for _, bend in sorted(settings.bends.items())]
    if settings.displace and FRAMES in layers_of(model):
        found.append(Bend(FRAMES, "displace", settings.displace, detail=settings.displace_scale))
    turns = _FLOW_TURNS_S * now_s
    return tuple(replace(bend, turns=turns) if bend.transform == "displace" else bend for bend in found)


def noise_at(settings: Settings, model: ImageModel, now_s: float) -> Any:
    """The noise of a frame, as the model takes it; None: its own.

    It turns between the model's own noise and another of the same variance, so that it has that variance at any time.
    """
    if not noisy(model) or (settings.noise == 1.0 and not settings.noise_speed):
        return None
    if not settings.noise:
        return "none"
    angle = 2.0 * math.pi * settings.noise_speed * now_s
    own, other = np.float32(settings.noise * math.cos(angle)), np.float32(settings.noise * math.sin(angle))
    return [own * one + other * two for one, two in _pairs(cast(Hashable, model))]


def warm_up(model: ImageModel, settings: Settings, layer: str = "") -> None:
    """Compile what frames of these settings need, so that none waits for it.

    Args:
        model: of the frames.
        settings: theirs.
        layer: of the directions, if there are edits along them.

    Raises:
        ValueError: the model does not have a layer of the bends.
    """
    compile_for = getattr(model, "warm_up", None)
    if compile_for is None:
        return
    options: dict[str, Any] = {"bends": bends_at(settings, model, 0.0)}
    if (noise := noise_at(settings, model, 0.0)) is not None:
        options["noise"] = noise
    compile_for(layer, **options)
    if getattr(model, "has_preview", False):
        compile_for(layer, preview=True, **options)


def kept(bends: Mapping[int, Bend], model: ImageModel) -> MappingProxyType[int, Bend]:
    """Those bends whose layers a model has."""
    layers = layers_of(model)
    return MappingProxyType({number: bend for number, bend in bends.items() if bend.layer in layers})


@functools.lru_cache(1)
def _pairs(model: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    """A model's own noise in each layer, and another."""
    rng = np.random.default_rng(_SEED)
    return [(one, rng.standard_normal(one.shape, np.float32)) for one in model.noises]
