"""The StyleGAN2 that ships: it keeps its classes apart however much it is truncated, and its directions can be seen."""

from pathlib import Path

import numpy as np
import pytest

import ganspace
from renderer import stylegan2
from renderer.training.drawings import DRAWINGS

MODELS = Path(__file__).parent.parent / "models"
FOLDER = MODELS / "stylegan2" / "drawings"


@pytest.fixture(scope="module")
def model():
    return stylegan2.load(FOLDER)


def frames(model, psi, seed=1):
    rng, count = np.random.default_rng(seed), model.num_classes
    return model.generate(rng.standard_normal((count, model.z_size)), np.eye(count), psi)


def test_its_classes_are_drawings(model):
    assert model.size == 256
    assert len(model.class_names) >= 16
    assert set(model.class_names) <= set(DRAWINGS)


def test_truncation_leaves_each_class_nearest_to_itself(model):
    whole = frames(model, 1.0).reshape(model.num_classes, 16, 16, 16, 16, 3).mean(axis=(2, 4))
    little = frames(model, 0.3).reshape(model.num_classes, 16, 16, 16, 16, 3).mean(axis=(2, 4))
    distances = np.square(little[:, None] - whole[None]).mean(axis=(2, 3, 4))
    assert np.mean(distances.argmin(axis=1) == np.arange(model.num_classes)) > 0.7


def test_its_directions_are_beside_it_and_move_the_picture(model):
    components = ganspace.load(ganspace.own_file(model))
    assert components.origin.checksum == model.checksum
    w = np.repeat(components.components[0].reshape(1, -1) * components.stdev[0] * 3.0, model.config.num_ws, axis=0)
    mapped = model.mapping(np.ones((1, model.z_size)), np.eye(model.num_classes)[:1], 0.8)
    still, moved = model.synthesis(np.concatenate([mapped, mapped + w[None]]))
    assert np.abs(moved - still).mean() > 0.03
