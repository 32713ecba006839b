"""The moves of a render call, checked and added up by layer."""

from collections.abc import Callable, Sequence

import numpy as np

from core import checks
from core.protocols import Move


def offsets(
    moves: Sequence[Move], count: int, layers: Sequence[str], shape_of: Callable[[str], tuple[int, int, int]]
) -> dict[str, np.ndarray]:
    """The offsets of each layer that is moved, float32 [count, *shape]; in the order of the layers.

    Args:
        moves: by how much which layers are moved; several of one layer are added.
        count: of the frames.
        layers: of the model, in the order in which they are computed.
        shape_of: gives height, width and channels of a layer.

    Raises:
        ValueError: a layer is missing or not there, or offsets have another shape or are not finite.
    """
    found: dict[str, np.ndarray] = {}
    for layer, given in moves:
        if not layer:
            raise ValueError("offsets need the layer that they are added to")
        wanted, own = (count, *shape_of(layer)), np.asarray(given, np.float32)
        if own.shape not in (wanted, (1, *wanted[1:])):
            checks.shape(f"offsets at {layer}", own, wanted)
        checks.finite("offsets", own)
        found[layer] = found.get(layer, np.float32(0)) + np.broadcast_to(own, wanted)
    return {layer: found[layer] for layer in layers if layer in found}
