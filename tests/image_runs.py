"""Training of pictures that takes seconds: 24 of them, 16 pixels wide, in three classes."""

import sys

import numpy as np
import pytest

from core.training import trees
from renderer.training import state as run_state
from renderer.training.batches import ImageSource
from renderer.training.hparams import ImageHparams, read
from renderer.training.image_folder import read as read_images
from renderer.training.patterns import folder

BIGGAN_TRAIN = [sys.executable, "-m", "scripts.biggan_train"]
# Two sizes, then the end of pretraining, then statistics that settle: all that a run goes through.
SETTINGS = {
    "size": 16,
    "start_size": 8,
    "channel_width": 2,
    "z_dim": 16,
    "discriminator_width": 1,
    "attention_size": 8,
    "batch_size": 4,
    "total_images": 64,
    "warm_start_images": 40,
    "grow_images": 16,
    "fade_images": 8,
    "settle_images": 16,
    "reconstruction_weight": 1.0,
    "sample_images": 64,
}

# One size, one kind of step.
SHORT = SETTINGS | {"start_size": 16, "settle_images": 0, "total_images": 24, "warm_start_images": 24}


class Recorder:
    """A logger that keeps its reports, and asks to stop after some steps."""

    def __init__(self, stop_after=None):
        self.losses, self.saves, self.samples, self.stop_after = [], [], [], stop_after

    def step(self, stage, before, images, losses):
        self.losses.append({name: float(value) for name, value in losses.items()})

    def saved(self, path):
        self.saves.append(path.name)

    def sample(self, stage, tree, images):
        self.samples.append(images)

    def stopping(self):
        return self.stop_after is not None and len(self.losses) >= self.stop_after


@pytest.fixture(scope="module", name="data")
def a_folder_of_pictures(tmp_path_factory):
    where = tmp_path_factory.mktemp("pictures") / "data"
    folder.write(where, ["rose", "silk", "rings"], 8, size=16)
    return where


@pytest.fixture(scope="module", name="source")
def their_source(data):
    """The pictures as a run takes them."""
    return ImageSource(read_images(data, 16), ImageHparams(**SETTINGS))


def words(data, run, *flags, **settings):
    """Of biggan_train, for such a run."""
    given = [word for name, value in (SETTINGS | settings).items() for word in ("--set", f"{name}={value}")]
    return [str(data), str(run), *given, *map(str, flags)]


def final(run):
    """The last state of a run."""
    own, classes = read(run)
    return run_state.restore(run, own, len(classes), 0)


def largest_difference(one, other):
    one, other = (trees.flatten(tree) for tree in (one.tree, other.tree))
    assert set(one) == set(other)
    return max(float(np.abs(np.asarray(one[name]) - np.asarray(other[name])).max()) for name in one)
