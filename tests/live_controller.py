"""A live renderer with a fake image model, for tests that do not depend on a network."""

import shutil
import time
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pytest

import ganspace
from core.commands.reading import Refusal, read_values
from core.commands.spec import Executor
from renderer.live.controller import RenderController
from renderer.live.dispatcher import Outcome, RenderDispatcher

SMALL = Path(__file__).parent / "data" / "biggan_small"


LAYER = (4, 4, 2)


class FlatModel:
    """Paints one colour: red is the first noise value, green the first class's weight, blue the truncation.

    Its one layer adds to red: what is added to the layer, on the average.
    """

    z_size, num_classes, layers = 32, 40, ("gen_z",)
    class_names = tuple(f"thing {number}" for number in range(40))

    def __init__(self, name="flat", resolution=16, takes_s=0.0, folder=None):
        self.name, self.size, self.takes_s, self.folder = name, resolution, takes_s, folder

    def layer_shape(self, layer):
        assert layer in self.layers
        return LAYER

    def render(self, z, classes, truncation, *, moves=()):
        for noise, weights in zip(z, classes, strict=True):
            time.sleep(self.takes_s)
            moved = sum(float(move.offsets.mean()) for move in moves)
            colour = (noise[0] / 2 + moved, weights[0] * 2 - 1, truncation * 2 - 1)
            picture = np.zeros((self.size, self.size, 3), np.uint8)
            picture[:] = np.clip((np.array(colour) + 1) * 127.5, 0, 255).astype(np.uint8)
            yield picture


def models_with(folder, *names):
    """A models folder in which there are image models of these names."""
    for name in names:
        (folder / "biggan" / name).mkdir(parents=True)
        for file in ("config.json", "pytorch_model.bin"):
            shutil.copy(SMALL / file, folder / "biggan" / name / file)
    return folder


def load(folder):
    """In place of `biggan.load`; the model's name decides its size, and whether it can be read."""
    if folder.name == "broken":
        raise ValueError(f"{folder.name} is damaged: no zip")
    return FlatModel(folder.name, 32 if folder.name == "large" else 16, folder=folder)


def components(count=3, layer="gen_z", shape=LAYER, names=("light",)):
    """Directions that add 0.1, 0.2, ... for each standard deviation, on the average."""
    vectors = np.full((count, *shape), 1 / np.sqrt(np.prod(shape)), np.float32)
    stdev = 0.1 * np.arange(1, count + 1) * np.sqrt(np.prod(shape))
    shares = np.full(count, 1 / count)
    return ganspace.Components(layer, "ipca", vectors, stdev, shares, vectors[0], names=names)


@pytest.fixture
def controller(tmp_path):
    controller = RenderController([models_with(tmp_path / "models", "a", "broken", "large")], tmp_path / "out", load)
    controller.open("a")
    yield controller
    if not controller.render_loop.ended:
        controller.close()


def submit(controller, address, values):
    """A command, checked as the server's and the page's are: a future of its outcome."""
    command = read_values(address, values, Executor.RENDERER)
    if not isinstance(command, Refusal):
        return RenderDispatcher(controller).submit(command)
    refused = Future()
    refused.set_result(Outcome([], command.reason))
    return refused


def execute(controller, address, values):
    return submit(controller, address, values).result()
