"""The bends of every frame, with amounts that follow curves."""

import logging
from collections.abc import Sequence

import numpy as np

from core import checks
from core.protocols import ImageModel
from renderer.bending import TRANSFORMS, Bend
from renderer.react.config import BendConfig
from renderer.react.curves import Curves

log = logging.getLogger(__name__)

# Colours have so many channels at most.
_COLORS = 3
_CURVES = ("amount", "x", "y", "turns")


class BendTracks:
    """Bends of all frames.

    Args:
        configs: what is bent how.
        curves: of the song.
        model: is bent; where it cannot be, there are no bends.

    Raises:
        ValueError: there is no such transform, or an amount is out of its range; before anything is rendered.
    """

    def __init__(self, configs: Sequence[BendConfig], curves: Curves, model: ImageModel) -> None:
        self._bends = [_curves_of(number, one, curves) for number, one in enumerate(configs, 1)]
        self._configs, self._layers = configs, [place(model, one.at_px, one.on) for one in configs]
        if configs and "" in self._layers:
            log.info("%s has no layers that can be bent; bends are left out", model.name)
            self._configs = ()

    def at(self, frame: int) -> tuple[Bend, ...]:
        """The bends of a frame, in their order."""
        return tuple(
            Bend(layer, one.transform, detail=one.detail, **{name: float(curve[frame]) for name, curve in bend.items()})
            for layer, one, bend in zip(self._layers, self._configs, self._bends, strict=False)
        )


def _curves_of(number: int, config: BendConfig, curves: Curves) -> dict[str, np.ndarray]:
    """Curves of the numbers that are given, by name."""
    name = f"bend {number}"
    kind = TRANSFORMS[checks.one_of(f"transform of {name}", config.transform, tuple(TRANSFORMS))]
    given = {one: getattr(config, one) for one in _CURVES if getattr(config, one) is not None}
    found = {one: curves.at(f"{one} of {name}", value) for one, value in given.items()}
    for extreme in (found["amount"].min(), found["amount"].max()):
        checks.in_range(f"amount of {name}, a {config.transform},", float(extreme), kind.low, kind.high)
    return found


def place(model: ImageModel, at_px: int, on: str) -> str:
    """The layer of a model that a bend is for; empty: it has none that can be bent.

    Args:
        model: any.
        at_px: pixels of the layer's edge; where there is no such layer, the next smaller is taken, or the smallest.
        on: "rgb": a layer that adds to the colours; "features": one that does not; "frame": the finished frame. Where
            there is none of these, one of the others.
    """
    layers: dict[str, dict[str, int]] = {"rgb": {}, "features": {}, "frame": {}}
    for layer in getattr(model, "bend_layers", ()):
        if layer not in model.layers:
            layers["frame"][layer] = model.size
            continue
        edge, _, channels = model.layer_shape(layer)
        layers["rgb" if channels <= _COLORS else "features"][layer] = edge
    edges = next((layers[kind] for kind in (on, "frame", "features", "rgb") if layers[kind]), {})
    if not edges:
        return ""
    wanted = max((edge for edge in edges.values() if edge <= at_px), default=min(edges.values()))
    return [layer for layer, edge in edges.items() if edge == wanted][-1]
