"""How kernels lie in memory, so that all networks of a model read the same numbers."""

from collections.abc import Mapping

import numpy as np

# The axes of a kernel [height, width, in, out] in the order that OpenVINO takes.
ENGINE_AXES = (3, 2, 0, 1)
# Smaller kernels are copied: it is not worth keeping the whole of their weights for them.
SHARED_BYTES = 4096


def kernels_first(weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The same weights, which cannot be changed, with kernels [height, width, a, b] in memory as the engine reads them.

    Networks that are compiled from these read them where they are, in place of a copy for each network.
    """
    return {name: _fixed(value) for name, value in weights.items()}


def is_shared(array: np.ndarray) -> bool:
    """Whether an array, with its axes in the engine's order, can be read where it is: nobody changes it."""
    fixed = array.flags.c_contiguous and not array.flags.writeable
    return bool(fixed and array.dtype == np.float32 and array.nbytes >= SHARED_BYTES)


def _fixed(value: np.ndarray) -> np.ndarray:
    if value.ndim == 4:
        found = np.ascontiguousarray(value.transpose(ENGINE_AXES)).transpose(np.argsort(ENGINE_AXES))
    else:
        found = value.view()
    found.flags.writeable = False
    return found
