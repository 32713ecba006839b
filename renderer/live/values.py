"""What the readable commands under /image have set, for OSCQuery and the page."""

import time
from typing import Any

from renderer.live import bends
from renderer.live.controller import RenderController


def values_of(controller: RenderController) -> dict[str, list[Any]]:
    """By address: the arguments that would set it again; empty where nothing is set or there is nothing to set."""
    settings, model, directions = controller.scene.snapshot()
    fade, bendable = controller.scene.fade, bool(bends.layers_of(model))
    return {
        "/image/load": [model.name] if model else [],
        "/image/classes": [str(number) for number in settings.classes],
        "/image/truncation": [settings.truncation],
        "/image/jitter": [settings.jitter],
        "/image/smooth": [settings.smooth],
        "/image/mode": [settings.mode],
        "/image/bpm": [settings.bpm],
        "/image/load_ganspace_components": [directions.name] if directions else [],
        "/image/edits": list(settings.edits),
        "/image/noise": [settings.noise, settings.noise_speed] if bends.noisy(model) else [],
        "/image/displace": [settings.displace, settings.displace_scale] if bendable else [],
        "/image/fade": [fade.level, fade.length_s if fade.at(time.monotonic()) != fade.level else 0.0],
    }
