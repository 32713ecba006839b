"""A small random CIPS."""

import numpy as np

from renderer import own_format
from renderer.cips import config as shapes
from renderer.cips import weights
from renderer.cips.config import CipsConfig
from renderer.cips.weights import AVERAGES

SMALL = {"z_size": 4, "w_size": 16, "waves": 6, "width": 8, "depth": 2, "rank": 2, "warp_waves": 4, "warp_width": 6}


def write(folder, names=("one", "two"), size=128, **changes):
    """A small random generator, whose places are moved and whose averages differ."""
    config = CipsConfig(**(SMALL | {"size": size, "num_classes": len(names)} | changes))
    rng = np.random.default_rng(3)
    arrays = weights.initial(config, rng)
    for name in ("warp.affine.weight", "warp.fc1.weight", AVERAGES):
        arrays[name] = rng.standard_normal(arrays[name].shape).astype(np.float32)
    own_format.write(folder, shapes.to_json(config), arrays, names, "float32")
    return folder
