"""The generator's shortcuts give what the plain network gives; stages and layers."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import keras.ops
import numpy as np
import pytest
import tensorflow as tf

from core.nn import engine, numpy_ops
from core.text import spans
from gansynth import checkpoint, network, normalizer
from gansynth.config import Config
from gansynth.model import Model
from gansynth.note_networks import NoteNetworks

RNG = np.random.default_rng(0)
SETTINGS = {
    "start_height": 4,
    "start_width": 4,
    "num_resolutions": 4,
    "latent_vector_size": 8,
    "fmap_base": 32,
    "fmap_max": 8,
    "audio_length": 500,
    "sample_rate": 1000,
}


def relative_error(ours, theirs):
    return np.linalg.norm(ours - theirs) / np.linalg.norm(theirs)


def make_model(tmp_path, blocks=4, progress=3.0, **settings):
    config = Config(folder=tmp_path, pitches=(60, 61, 64), **SETTINGS | settings)
    shapes = checkpoint.expected_shapes(config, blocks)
    weights = {name: RNG.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    return Model(config, checkpoint.Checkpoint(weights, blocks, progress, tmp_path)), weights


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return make_model(tmp_path_factory.mktemp("model"))[0]


def plain_generator(weights, x, config, blocks):
    """Magenta's way: pad, convolve, repeat, convolve; the last block's picture."""

    def convolve(x, part, padding="SAME", gain=2.0):
        kernel = weights[f"{part}/kernel"]
        return tf.nn.conv2d(x, kernel * np.sqrt(gain / np.prod(kernel.shape[:3])), 1, padding) + weights[f"{part}/bias"]

    def activate(x):
        x = tf.nn.leaky_relu(x, 0.2)
        return x * tf.math.rsqrt(tf.reduce_mean(x**2, -1, keepdims=True) + 1e-8)

    height, width = config.start_height - 1, config.start_width - 1
    x = tf.pad(x[:, None, None], [[0, 0], [height, height], [width, width], [0, 0]])
    x = activate(convolve(x, "conv0_1", "VALID"))
    x = activate(convolve(x, "conv1_1"))
    for block in range(2, blocks + 1):
        x = tf.repeat(tf.repeat(x, 2, axis=1), 2, axis=2)
        x = activate(convolve(x, f"conv0_{block}"))
        x = activate(convolve(x, f"conv1_{block}"))
    return tf.tanh(convolve(x, f"to_rgb_{blocks}", gain=1.0)).numpy()


def played(weights, x, config, blocks, progress, ops=keras.ops):
    ready, blend = network.prepare(numpy_ops, weights, config), network.block_weights(progress, blocks)
    return np.array(network.generator(ops, ready, x, config, blocks, blend))


def test_transposed_convolutions_are_upsampling_and_convolution(tmp_path):
    model, weights = make_model(tmp_path)
    x = RNG.standard_normal((2, 11)).astype(np.float32)
    ours = played(weights, x, model.config, 4, 3.0)
    np.testing.assert_allclose(ours, plain_generator(weights, x, model.config, 4), atol=1e-4)


@pytest.mark.parametrize("progress", [3.0, 2.25])
def test_openvino_and_numpy_give_what_keras_gives(tmp_path, progress):
    model, weights = make_model(tmp_path)
    config, x = model.config, RNG.standard_normal((1, 11)).astype(np.float32)
    ready, blend = network.prepare(numpy_ops, weights, config), network.block_weights(progress, 4)
    graph = engine.compile(
        lambda ops, weights, x: network.generator(ops, weights, x, config, 4, blend), ready, [x.shape]
    )
    expected = played(weights, x, config, 4, progress)
    np.testing.assert_allclose(graph(x), expected, atol=1e-4)
    np.testing.assert_allclose(played(weights, x, config, 4, progress, numpy_ops), expected, atol=1e-4)


@pytest.mark.parametrize("progress", [0.0, 0.5, 1.5, 3.0])
@pytest.mark.parametrize("frames", [3, 8, 32])
def test_lengths_that_share_a_stem_are_rows_of_the_whole(tmp_path, progress, frames):
    """Whichever blocks are seen in the result: the stem ends below them."""
    model, weights = make_model(tmp_path)
    config = model.config
    ready = checkpoint.Checkpoint(weights, 4, progress, tmp_path)
    networks = NoteNetworks(config, ready, "openvino", "f32")
    x = RNG.standard_normal((1, 11)).astype(np.float32)
    scale, shift = normalizer.scale_and_shift(config)
    expected = (played(weights, x, config, 4, progress) - shift)[0] / scale
    np.testing.assert_allclose(networks.specgram(x[0], None, frames), expected[:frames], rtol=1e-4, atol=1e-3)
    below = networks.activations(x, "conv0")[0]
    np.testing.assert_array_equal(networks.specgram(below, "conv0", frames), networks.specgram(x[0], None, frames))


def test_lengths_of_a_full_size_model_share_most_of_its_weights():
    config = Config(folder=Path(), pitches=(60,), start_height=2, start_width=16, num_resolutions=7)
    stem = network.stem(config, 7, network.block_weights(6.0, 7), 14)
    shapes = checkpoint.expected_shapes(config, 7)
    below = [name for name in shapes if any(name.startswith(f"conv{i}_{k}/") for i in (0, 1) for k in (1, 2))]
    assert stem == "conv1_2"
    assert sum(np.prod(shapes[name]) for name in below) > 0.5 * sum(map(np.prod, shapes.values()))


def test_another_kernel_size_is_played_too(tmp_path):
    model, _ = make_model(tmp_path, kernel_size=5)
    assert np.isfinite(model.generate(np.ones((1, 8)), [60])).all()


def test_growth_in_time_only_is_played_too(tmp_path):
    model, _ = make_model(tmp_path, scale_mode="H", start_width=32)
    assert model.generate(np.ones((1, 8)), [60]).shape == (1, 500)


@pytest.mark.parametrize("length", [1, 17, 100, 499])
def test_a_shorter_note_is_the_start_of_the_whole_note(model, length):
    z, pitches = RNG.standard_normal((3, 8)), [60, 61, 64]
    whole = model.generate(z, pitches)
    assert relative_error(model.generate(z, pitches, length=length), whole[:, :length]) < 1e-3


def test_a_note_does_not_depend_on_its_batch(model):
    z, pitches = RNG.standard_normal((5, 8)), [60, 61, 64, 60, 61]
    alone = np.concatenate([model.generate(z[i : i + 1], pitches[i : i + 1]) for i in range(5)])
    np.testing.assert_array_equal(model.generate(z, pitches), alone)


def test_a_note_has_the_same_bytes_while_others_are_computed(model):
    z, pitches = RNG.standard_normal((4, 8)), [60, 61, 64, 60]
    alone = model.generate(z, pitches)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: model.generate(z, pitches), range(12)):
            np.testing.assert_array_equal(found, alone)


def test_activations_of_several_batches_are_padded_to_the_same_shape(model):
    z, pitches = RNG.standard_normal((5, 8)), [60, 61, 64, 60, 61]
    alone = model.activations(z, pitches, "conv1_2")
    np.testing.assert_allclose(model.activations(z, pitches, "conv1_2", at_once=2), alone, atol=1e-5)


def test_no_notes_are_no_waves(model):
    assert model.generate(np.zeros((0, 8)), []).shape == (0, 500)


@pytest.mark.parametrize("layer", ["conv0", "conv1", "conv0_2", "conv1_3", "conv0_4"])
def test_a_note_continues_from_any_layer(model, layer):
    z, pitches = RNG.standard_normal((2, 8)), [60, 64]
    activations = model.activations(z, pitches, layer)
    waves = model.generate_from_activations(layer, activations, pitches)
    assert relative_error(waves, model.generate(z, pitches)) < 1e-3


def test_the_pitch_changes_the_wave(model):
    z = np.ones((2, 8))
    assert not np.allclose(*model.generate(z, [60, 64]))


def test_a_transition_blends_two_resolutions(tmp_path):
    model, weights = make_model(tmp_path, blocks=3, progress=1.25)
    x = RNG.standard_normal((1, 11)).astype(np.float32)
    blended = played(weights, x, model.config, 3, 1.25)
    coarse = played(weights, x, model.config, 2, 1.0)
    fine = played(weights, x, model.config, 3, 2.0)
    np.testing.assert_allclose(blended, 0.75 * coarse + 0.25 * fine, atol=1e-5)


def test_the_heard_blocks_weigh_one_together():
    for progress in (0, 0.3, 2.5, 5.999, 6):
        assert sum(network.block_weights(progress, 7).values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("z", "pitches", "reason"),
    [
        (np.zeros((1, 7)), [60], r"z must have shape \[n, 8\], not \[1, 7\]"),
        (np.full((1, 8), np.nan), [60], "not finite"),
        (np.zeros((1, 8)), [62], "has no pitch 62; it has 60..61, 64"),
        (np.zeros((2, 8)), [60], "1 pitches for 2 notes"),
    ],
)
def test_bad_input_is_named(model, z, pitches, reason):
    with pytest.raises(ValueError, match=reason):
        model.generate(z, pitches)


def test_a_length_past_the_note_is_refused(model):
    with pytest.raises(ValueError, match=r"length must be in 1\.\.500 samples, not 501"):
        model.generate(np.zeros((1, 8)), [60], length=501)


def test_an_unknown_layer_is_refused_with_those_there_are(model):
    with pytest.raises(ValueError, match=r"'conv2' is not a layer .* conv0, conv1, conv0_2"):
        model.activations(np.zeros((1, 8)), [60], "conv2")


def test_progress_counts_the_notes(model):
    seen = []
    model.generate(np.zeros((3, 8)), [60] * 3, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_an_exception_in_progress_ends_the_work(model):
    def cancel(done, total):
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model.generate(np.zeros((3, 8)), [60] * 3, progress=cancel)


@pytest.mark.parametrize(("wanted", "nearest"), [(32, 60), (61, 61), (62, 61), (63, 64), (99, 64)])
def test_the_nearest_pitch(model, wanted, nearest):
    assert model.nearest_pitch(wanted) == nearest


def test_pitches_are_listed_as_spans():
    assert spans((24, 25, 26, 30, 32, 33)) == "24..26, 30, 32..33"
