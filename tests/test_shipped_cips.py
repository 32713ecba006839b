"""The picture model that plays by default: new pictures are as they should be, and its directions have names."""

from pathlib import Path

import numpy as np
import pytest

import ganspace
from renderer import cips, image_models
from renderer.training import image_metrics, patterns
from renderer.training.batches import with_factors
from renderer.training.patterns.canvas import FACTORS

MODELS = Path(__file__).parent.parent / "models"
FOLDER = MODELS / "cips" / "motifs"


@pytest.fixture(scope="module")
def model():
    return cips.load(FOLDER)


@pytest.fixture(scope="module")
def pairs(model):
    """Two drawn pictures of each class, which it has not seen, and what it makes of their factors: [class, 2, ...]."""
    rng, found = np.random.default_rng(99), []
    for label, name in enumerate(model.class_names):
        factors = rng.standard_normal((2, len(FACTORS)))
        z = with_factors(rng.standard_normal((2, model.z_size)), factors)
        frames = np.stack(list(model.render(z, np.eye(model.num_classes)[[label, label]], 1.0)))
        found.append((np.stack([patterns.draw(name, each, model.size) for each in factors]), frames))
    return np.array(found).astype(np.float32) / 127.5 - 1


def test_it_plays_unless_another_is_named():
    assert image_models.choose((MODELS,)) == FOLDER


def test_it_has_sixteen_classes_of_patterns_in_sixteen_megabytes(model):
    assert model.size == 256
    assert len(model.class_names) >= 16
    assert set(model.class_names) <= set(patterns.FAMILIES)
    assert (FOLDER / "weights.safetensors").stat().st_size <= 16e6


def test_pictures_of_new_factors_are_those_that_would_be_drawn(pairs):
    distances = np.abs(pairs[:, 0] - np.clip(pairs[:, 1], -1, 1)).mean(axis=(1, 2, 3, 4))
    assert distances.max() < 0.08
    assert distances.mean() < 0.035


def test_every_class_is_sharp(pairs):
    drawn, made = (image_metrics.features(pairs[:, side].reshape(-1, 256, 256, 3))[:, -1] for side in (0, 1))
    sharpness = np.exp((made - drawn).reshape(-1, 2).mean(axis=1))
    assert sharpness.min() > 0.85
    assert sharpness.mean() > 0.93


def test_classes_halfway_are_neither_of_them(model):
    z, eye = np.zeros((1, model.z_size), np.float32), np.eye(model.num_classes, dtype=np.float32)
    one, two, both = (model.generate(z, label, 1.0) for label in (eye[:1], eye[1:2], eye[:1] / 2 + eye[1:2] / 2))
    assert min(np.abs(both - one).mean(), np.abs(both - two).mean()) > 0.05


def test_its_directions_are_the_factors(model):
    components = ganspace.load(ganspace.own_file(model))
    assert components.origin.checksum == model.checksum
    assert set(components.names) == set(FACTORS)
