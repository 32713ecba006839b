"""A fast BigGAN-deep with random weights: 16 px, latent vectors of 8 values, three classes far apart."""

import numpy as np

from renderer.biggan import model_formats, weights
from renderer.biggan.config import BigGANConfig

LAYERS = ((True, 16, 8), (True, 8, 4), (False, 4, 2), (False, 2, 1))
CLASSES = ("moss", "rust", "snow")


def write(folder, seed=0):
    """Write one; the folder."""
    config = BigGANConfig(folder.name, 8, 6, len(CLASSES), 4, LAYERS, 99, 1e-4, 2)
    rng = np.random.default_rng(seed)
    arrays = {
        name: rng.standard_normal(shape).astype(np.float32) / np.float32(np.sqrt(max(1, np.prod(shape[1:]))))
        for name, shape in weights.expected(config).items()
    }
    for name in arrays:
        if name.endswith(".running_vars"):
            arrays[name] = np.ones_like(arrays[name])
    arrays["embeddings.weight"] *= 5.0
    model_formats.save(folder, config, arrays, CLASSES, "float32")
    return folder
