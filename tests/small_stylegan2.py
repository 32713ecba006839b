"""A small random StyleGAN2 in our own format."""

import numpy as np

from renderer.stylegan2 import weights
from renderer.stylegan2.config import StyleGan2Config
from renderer.stylegan2.formats import own_format


def write(folder, names=(), **changes):
    """A small random generator in our format, 16 px, whose noise can be seen."""
    settings = {"channels": (8, 8, 8), "z_size": 8, "w_size": 8, "mapping_size": 8, "mapping_layers": 2} | changes
    config = StyleGan2Config(**settings)
    arrays = weights.initial(config, np.random.default_rng(3))
    for name in arrays:
        if name.endswith("noise_strength"):
            arrays[name] = np.array(0.3, np.float32)
        if name == "mapping.w_avg":
            arrays[name] = np.linspace(-1, 1, config.w_size, dtype=np.float32)
    own_format.write(folder, config, arrays, names, "float32")
    return folder
