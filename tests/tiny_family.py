"""A model family that only exists in tests: unconditional, one linear layer, a folder format of its own.

`tiny.npz` holds `map` [z, size * size * 3]; a frame is tanh(z @ map). The program knows nothing of this file but what
`core.families.register` is given.
"""

import hashlib
import zipfile
from pathlib import Path

import numpy as np

from core.families import Download, Family, ImageDescription

FILE, SIZE, Z_SIZE = "tiny.npz", 16, 12


class TinyModel:
    """An `ImageModel` without classes."""

    num_classes, class_names, layers, default_layer = 0, (), ("z", "linear"), "linear"

    def __init__(self, folder):
        self.name, self.folder, self._map = folder.name, folder, read_map(folder)
        self.z_size, self.size = len(self._map), edge(self._map)

    @property
    def checksum(self):
        return checksum(self.folder)

    def layer_shape(self, layer):
        return {"z": (1, 1, self.z_size), "linear": (self.size, self.size, 3)}[layer]

    def draw(self, rng, count, truncation):
        return (truncation * rng.standard_normal((count, self.z_size))).astype(np.float32)

    def activations(self, z, classes, truncation, layer, *, at_once=1):
        assert classes is None or np.shape(classes) == (len(z), 0)
        return (z if layer == "z" else z @ self._map).reshape(-1, *self.layer_shape(layer))

    def generate(self, z, classes, truncation, *, noise=None, bends=(), moves=()):
        if noise is not None or len(bends):
            raise ValueError(f"{self.name} has no noise inputs and no bends")
        moved = {layer: np.asarray(offsets) for layer, offsets in moves}
        z = np.asarray(z) + moved.get("z", np.zeros((1, 1, 1, 1)))[:, 0, 0]
        return np.tanh(self.activations(z, classes, truncation, "linear") + moved.get("linear", 0.0)).astype(np.float32)

    def render(self, z, classes, truncation, *, noise=None, bends=(), moves=()):
        frames = self.generate(z, classes, truncation, noise=noise, bends=bends, moves=moves)
        return iter(np.uint8(np.round((frames + 1) * 127.5)))


def write(folder, seed=0):
    """A new model's folder."""
    folder.mkdir(parents=True)
    # Smooth, and the first direction the strongest: light from left to right.
    rng, steps = np.random.default_rng(seed), np.linspace(-1, 1, SIZE)
    waves = np.cos(rng.uniform(0, 2, (Z_SIZE, 1, 3)) * steps[:, None] + rng.uniform(0, 6, (Z_SIZE, 1, 3)))
    weights = np.linspace(1.0, 0.1, Z_SIZE)[:, None, None, None] * waves[:, None].repeat(SIZE, 1)
    np.savez(folder / FILE, map=weights.reshape(Z_SIZE, -1).astype(np.float32))
    return folder


def read_map(folder):
    path = Path(folder) / FILE
    try:
        with np.load(path, allow_pickle=False) as file:
            found = file["map"]
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is damaged: {error}") from None
    if found.ndim != 2 or 3 * edge(found) ** 2 != found.shape[1]:
        raise ValueError(f"{path}: map must be [z, 3 * size * size], not {found.shape}")
    return found


def edge(found):
    return round((found.shape[1] / 3) ** 0.5)


def describe(folder):
    found = read_map(folder)
    return ImageDescription(folder.name, edge(found), len(found))


def checksum(folder):
    return hashlib.sha256((folder / FILE).read_bytes()).hexdigest()


FAMILY = Family(
    name="tiny",
    kind="image",
    folder="tiny",
    contents=FILE,
    detect=lambda folder: (folder / FILE).is_file(),
    describe=describe,
    load=lambda folder, **options: TinyModel(folder),
    check=read_map,
    checksum=checksum,
    downloads={"tiny-16": (Download("http://127.0.0.1:9/tiny.npz", FILE),)},
)
