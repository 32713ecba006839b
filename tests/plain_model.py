"""An image model whose frames show what they were rendered from."""

import numpy as np


class PlainModel:
    """Left half: the first noise value; upper right: the class with the largest weight; lower right: that weight."""

    name, size, z_size, num_classes = "plain", 16, 32, 40

    def __init__(self):
        self.class_names = tuple(f"thing {number}" for number in range(self.num_classes))
        self.calls = []

    def render(self, z, classes, truncation):
        yield from np.uint8(np.round((self.generate(z, classes, truncation) + 1) * 127.5))

    def generate(self, z, classes, truncation):
        self.calls.append((np.array(z), np.array(classes), truncation))
        images = np.zeros((len(z), self.size, self.size, 3), np.float32)
        images[:, :, :8] = np.clip(z[:, 0] / 2, -1, 1)[:, None, None, None]
        images[:, :8, 8:] = (classes.argmax(axis=1) / self.num_classes)[:, None, None, None]
        images[:, 8:, 8:] = classes.max(axis=1)[:, None, None, None]
        return images
