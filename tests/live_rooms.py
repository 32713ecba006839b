"""Rooms of the live renderer with a painter that is no network: for what does not depend on what is painted."""

import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from renderer.live.atelier import Atelier

SMALL = Path(__file__).parent / "data" / "biggan_small"


class Flat:
    """Paints one colour: red is the first noise value, green the first class's weight, blue the truncation."""

    z_size, num_classes = 32, 40
    class_names = tuple(f"thing {number}" for number in range(40))

    def __init__(self, name="flat", resolution=16, takes_s=0.0):
        self.name, self.resolution, self.takes_s = name, resolution, takes_s

    def frames_uint8(self, z, classes, truncation):
        for noise, weights in zip(z, classes, strict=True):
            time.sleep(self.takes_s)
            colour = (noise[0] / 2, weights[0] * 2 - 1, truncation * 2 - 1)
            picture = np.zeros((self.resolution, self.resolution, 3), np.uint8)
            picture[:] = np.clip((np.array(colour) + 1) * 127.5, 0, 255).astype(np.uint8)
            yield picture


def models_with(folder, *names):
    """A models folder in which there are picture models of these names."""
    for name in names:
        (folder / "biggan" / name).mkdir(parents=True)
        for file in ("config.json", "pytorch_model.bin"):
            shutil.copy(SMALL / file, folder / "biggan" / name / file)
    return folder


def load(folder):
    """In place of `biggan.load`; the model's name decides its size, and whether it can be read."""
    if folder.name == "broken":
        raise ValueError(f"{folder.name} is damaged: no zip")
    return Flat(folder.name, 32 if folder.name == "large" else 16)


@pytest.fixture
def atelier(tmp_path):
    atelier = Atelier([models_with(tmp_path / "models", "a", "broken", "large")], tmp_path / "out", load)
    atelier.open("a")
    yield atelier
    if not atelier.stage.ended:
        atelier.close()
