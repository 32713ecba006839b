"""Frames are those of pytorch-pretrained-biggan, which wrote tests/data/biggan_small and rendered its reference."""

import math
from pathlib import Path

import numpy as np
import pytest

from renderer import biggan
from renderer.biggan import statistics

SMALL = Path(__file__).parent / "data" / "biggan_small"


@pytest.fixture(scope="session")
def model():
    return biggan.load(SMALL)


@pytest.fixture(scope="session")
def reference():
    with np.load(SMALL / "reference.npz", allow_pickle=False) as file:
        return dict(file)


def their_truncation(truncation, steps=50):
    """The truncation that pytorch-pretrained-biggan really used: it takes the wrong one of two rows for the nearer."""
    part, below = math.modf(truncation / (1.0 / steps))
    return (below + (1 - part if part else 0)) / steps


def test_frames_are_those_of_the_reference(model, reference):
    truncations = [their_truncation(float(t)) for t in reference["truncation"]]
    images = model.generate(reference["z"], reference["y"], truncations)
    assert images.shape == (5, 128, 128, 3)
    assert images.dtype == np.float32
    assert np.abs(images - reference["images"]).max() < 1e-3


def test_the_reference_took_a_wrong_row_where_its_truncation_is_not_quite_on_one(model, reference):
    wrong = [abs(their_truncation(float(t)) - t) > 0.01 for t in reference["truncation"]]
    images = model.generate(reference["z"], reference["y"], reference["truncation"])
    far = np.abs(images - reference["images"]).max(axis=(1, 2, 3)) > 1e-3
    assert wrong == [False, False, True, True, False]
    assert far.tolist() == wrong


def test_a_frame_does_not_depend_on_its_batch(model, reference):
    z, classes = reference["z"], reference["y"]
    together = model.generate(z, classes, [1.0, 0.5, 0.4, 0.02, 1.0])
    np.testing.assert_allclose(model.generate(z[2:3], classes[2:3], 0.4)[0], together[2], atol=1e-5)


def test_what_a_model_says_of_itself(model):
    assert (model.name, model.size, model.z_size, model.num_classes) == ("biggan_small", 128, 128, 1000)
    assert len(model.class_names) == 1000
    assert model.class_names[0] == "tench, Tinca tinca"
    assert model.class_names[999] == "toilet tissue, toilet paper, bathroom tissue"


def test_bytes_are_the_same_frames_rounded(model, reference):
    images = model.generate(reference["z"], reference["y"], 1.0)
    frames = list(model.render(reference["z"], reference["y"], 1.0))
    assert [frame.dtype for frame in frames] == [np.uint8] * 5
    # Two sums in another order may fall on two sides of a half.
    assert np.abs(np.stack(frames) - (images + 1) * 127.5).max() < 0.51


def test_no_frames(model):
    assert model.generate(np.zeros((0, 128)), np.zeros((0, 1000)), 1.0).shape == (0, 128, 128, 3)


def test_every_row_of_the_tables_has_its_own_truncation():
    table = np.arange(51, dtype=np.float32)[:, None]
    assert [float(statistics.row(table, k * 0.02)[0]) for k in range(51)] == list(range(51))
    assert [float(statistics.row(table, float(np.float32(k / 50)))[0]) for k in range(51)] == pytest.approx(
        range(51), abs=1e-5
    )


def test_between_rows_the_nearer_one_counts_more():
    table = np.arange(51, dtype=np.float32)[:, None]
    assert statistics.row(table, 0.505)[0] == pytest.approx(25.25, abs=1e-5)


@pytest.mark.parametrize("truncation", [-0.1, 1.01, math.nan])
def test_other_truncations_are_refused(model, truncation):
    with pytest.raises(ValueError, match=r"truncation must be (in 0\.\.1|a finite number), not"):
        model.generate(np.zeros((1, 128)), np.zeros((1, 1000)), truncation)


@pytest.mark.parametrize(
    ("z", "classes", "truncation", "message"),
    [
        (np.zeros((1, 127)), np.zeros((1, 1000)), 1.0, r"z must have shape \[n, 128\], not \[1, 127\]"),
        (np.zeros((1, 128)), np.zeros(1000), 1.0, r"classes must have shape \[n, 1000\], not \[1000\]"),
        (np.zeros((2, 128)), np.zeros((1, 1000)), 1.0, "2 z and 1 classes"),
        (np.full((1, 128), np.inf), np.zeros((1, 1000)), 1.0, "a value of z is not finite"),
        (np.zeros((1, 128)), np.zeros((1, 1000)), [1.0, 0.5], r"truncation must be one number or \[1\], not \[2\]"),
    ],
)
def test_what_cannot_be_rendered_is_refused(model, z, classes, truncation, message):
    with pytest.raises(ValueError, match=message):
        model.generate(z, classes, truncation)
