"""An image model that maps its latent vectors as AIART's stand-in does, and whose frames show what it was given."""

import numpy as np


class MappedModel:
    """Frames: w of the first block in red, of the last in green, noise in blue; the mapping is that of the fixtures."""

    name, folder, checksum, num_classes, class_names = "mapped", None, "0", 0, ()
    layers, default_layer = ("z", "w"), "w"

    def __init__(self, size=512, z_size=512):
        self.size, self.z_size, self.blocks = size, z_size, int(np.log2(size)) - 1
        self.calls = []

    def layer_shape(self, layer):
        return (1, 1, self.z_size)

    def draw(self, rng, count, truncation):
        return (truncation * rng.standard_normal((count, self.z_size))).astype(np.float32)

    def mapping(self, z, classes, truncation=0.7, cutoff=None):
        w = 0.8 * np.where(z > 0, z, 0.2 * z) + 0.1
        return (truncation * np.repeat(w[:, None], self.blocks, axis=1)).astype(np.float32)

    def synthesis(self, w, *, noise=None, bends=(), moves=()):
        self.calls.append((w, noise, bends))
        frame = np.zeros((len(w), self.size, self.size, 3), np.float32)
        frame[..., 0], frame[..., 1] = np.tanh(w[:, 0].mean()), np.tanh(w[:, -1].mean())
        frame[..., 2] = np.clip(noise[-1][..., 0], -1, 1)
        return frame

    def generate(self, z, classes, truncation, *, noise=None, bends=(), moves=()):
        return self.synthesis(self.mapping(z, classes, truncation), noise=noise, bends=bends)

    def render(self, z, classes, truncation, *, noise=None, bends=(), moves=()):
        return iter(self.generate(z, classes, truncation, noise=noise, bends=bends))

    def activations(self, z, classes, truncation, layer, *, at_once=1):
        return self.mapping(z, classes, truncation)
