"""Distances between sets of images."""

import zipfile

import numpy as np
import pytest

from core import distances
from core.nn import efficientnet, numpy_ops
from renderer.training import image_distances


def test_the_frechet_distance_of_shifted_sets_is_the_squared_shift():
    first = np.random.default_rng(0).standard_normal((50, 4))
    assert distances.frechet(first, first + np.array((3, 0, 0, 4))) == pytest.approx(25)
    assert distances.frechet(first, 2 * first - first.mean(axis=0)) == pytest.approx(np.trace(np.cov(first.T)))


def test_the_kernel_distance_is_about_zero_for_sets_of_one_kind():
    rng = np.random.default_rng(0)
    first, second = rng.standard_normal((2, 200, 4))
    assert abs(distances.kernel(first, second)) < 0.1
    assert distances.kernel(first, second + 1) > 0.5


def test_a_set_of_one_vector_is_named():
    with pytest.raises(ValueError, match="at least 2 vectors, not 1"):
        distances.frechet(np.zeros((1, 4)), np.zeros((5, 4)))


@pytest.fixture(scope="module")
def arrays():
    return efficientnet_arrays()


def efficientnet_arrays():
    """Random weights of EfficientNet-Lite0 under the names of the trained ones."""
    rng, found = np.random.default_rng(0), {}

    def add(kernel, norm, *shape):
        found[f"{kernel}.weight"] = (rng.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)
        for name in ("weight", "running_var"):
            found[f"{norm}.{name}"] = rng.uniform(0.5, 1.5, shape[0]).astype(np.float32)
        for name in ("bias", "running_mean"):
            found[f"{norm}.{name}"] = (0.1 * rng.standard_normal(shape[0])).astype(np.float32)

    add("_conv_stem", "_bn0", 32, 3, 3, 3)
    add("_conv_head", "_bn1", 1280, 320, 1, 1)
    kernels = [kernel for _, _, count, _, kernel in efficientnet._STAGES for _ in range(count)]
    for number, ((expansion, _, before, after), edge) in enumerate(zip(efficientnet.blocks(), kernels, strict=True)):
        own, wide = f"_blocks.{number}.", expansion * before
        if expansion > 1:
            add(f"{own}_expand_conv", f"{own}_bn0", wide, before, 1, 1)
        add(f"{own}_depthwise_conv", f"{own}_bn1", wide, 1, edge, edge)
        add(f"{own}_project_conv", f"{own}_bn2", after, wide, 1, 1)
    return found


def test_features_are_the_same_on_the_engine_and_in_numpy(arrays, monkeypatch):
    monkeypatch.setattr("core.formats.torch_file.read", lambda path: arrays)
    extract = efficientnet.FeatureExtractor("weights.pth")
    image = np.random.default_rng(1).integers(0, 256, (1, 48, 48, 3), np.uint8)
    found = extract(image)
    assert found.shape == (1, efficientnet.FEATURES)
    small = efficientnet.prepared(image[0])[None]
    assert np.allclose(found, efficientnet.features(numpy_ops, extract.weights, small), atol=1e-3)


def test_a_file_of_other_weights_is_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "other.pth", "w") as file:
        file.writestr("a", b"")
    with pytest.raises(ValueError, match=r"other\.pth"):
        efficientnet.FeatureExtractor(tmp_path / "other.pth")


def test_generated_images_are_compared_with_real_ones():
    real = np.random.default_rng(0).integers(0, 256, (40, 4, 4, 3), np.uint8)
    found = image_distances.measure(real, 255 - real, lambda images: images.reshape(len(images), -1) / 255)
    assert found.fid == pytest.approx(distances.frechet(real.reshape(40, -1) / 255, 1 - real.reshape(40, -1) / 255))
    assert "EfficientNet-Lite0 (not Inception), 40 generated and 40 real images" in str(found)
