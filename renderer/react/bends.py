"""The bends of every frame, with amounts that follow curves."""

from collections.abc import Sequence
from typing import Any

from core.protocols import ImageModel
from renderer.react.config import BendConfig
from renderer.react.curves import Curves


class BendTracks:
    """To be replaced by network bending."""

    def __init__(self, configs: Sequence[BendConfig], curves: Curves, model: ImageModel) -> None:
        for number, one in enumerate(configs, 1):
            for name in ("amount", "x", "y"):
                curves.at(f"{name} of bend {number}", getattr(one, name))

    def at(self, frame: int) -> tuple[Any, ...]:
        """The bends of a frame."""
        return ()
