"""The maps between noise and picture: read, moved, and the pictures that come of it."""

from pathlib import Path

import numpy as np
import pytest

from renderer import biggan
from renderer.bending import Bend
from renderer.biggan import model_formats
from renderer.biggan.config import Attention

SMALL = Path(__file__).parent / "data" / "biggan_small"


@pytest.fixture(scope="module")
def model():
    return biggan.load(SMALL)


@pytest.fixture(scope="module")
def points(model):
    """Three z, and a class for each: two of them the same."""
    z = np.random.default_rng(0).standard_normal((3, model.z_size)).clip(-2, 2).astype(np.float32)
    return z, np.eye(model.num_classes, dtype=np.float32)[[7, 7, 99]]


def apart(a, b):
    """The largest difference, against how much `a` varies."""
    return np.abs(a - b).max() / a.std()


def test_layers_are_noise_the_first_map_and_what_leaves_each_part(model):
    assert model.layers[:3] == ("z", "gen_z", "layers.0")
    assert len(model.layers) == 2 + len(model.config.parts)
    assert model.layer_shape("gen_z") == (4, 4, 16 * model.config.channel_width)
    assert model.layer_shape(model.layers[-1]) == (128, 128, model.config.channel_width)


@pytest.mark.parametrize("layer", ["z", "gen_z", "layers.0", "layers.10"])
def test_offsets_of_zero_change_no_digit(model, points, layer):
    z, classes = points
    zeros = np.zeros((3, *model.layer_shape(layer)))
    np.testing.assert_array_equal(
        model.generate(z, classes, 0.5, moves=[(layer, zeros)]), model.generate(z, classes, 0.5)
    )


def test_an_offset_of_the_noise_is_other_noise(model, points):
    z, classes = points
    here, there = (model.activations(vectors, classes, 0.5, "z") for vectors in (z, z[::-1]))
    images = model.generate(z, classes, 0.5, moves=[("z", there - here)])
    assert np.abs(images - model.generate(z[::-1], classes, 0.5)).max() < 1e-4


def test_the_first_map_is_the_linear_layer_of_the_file(model, points):
    arrays = model_formats.read_weights(SMALL, model.config)
    z, classes = points
    cond = np.concatenate([z, classes @ arrays["embeddings.weight"].T], axis=1)
    wanted = cond @ arrays["generator.gen_z.weight"].T + arrays["generator.gen_z.bias"]
    found = model.activations(z, classes, 0.5, "gen_z")
    assert apart(wanted.reshape(found.shape), found) < 1e-5


def test_an_offset_arrives_in_the_frame_as_if_the_weights_had_it(model, points):
    """Of two models whose first maps differ by an offset in all images, one is the other moved."""
    arrays = model_formats.read_weights(SMALL, model.config)
    offset = np.random.default_rng(1).standard_normal(model.layer_shape("gen_z")).astype(np.float32)
    arrays["generator.gen_z.bias"] = arrays["generator.gen_z.bias"] + offset.reshape(-1)
    moved = type(model)(model.config, arrays, model.class_names, SMALL)
    z, classes = points
    images = model.generate(z, classes, 0.5, moves=[("gen_z", np.stack([offset] * 3))])
    assert np.abs(images - moved.generate(z, classes, 0.5)).max() < 1e-4
    assert np.abs(images - model.generate(z, classes, 0.5)).max() > 0.1


@pytest.mark.parametrize("layer", ["layers.1", "layers.8"])
def test_a_layers_map_decides_the_frame_where_nothing_above_sees_the_noise(model, layer, points):
    """Where noise has no way into the batch norms above a layer, its map alone is z: moved there, z is another."""
    arrays = dict(model_formats.read_weights(SMALL, model.config))
    for part in model.config.parts[int(layer.partition(".")[2]) + 1 :]:
        if not isinstance(part, Attention):
            for name, _ in part.norms:
                for kind in ("scale", "offset"):
                    arrays[f"{name}.{kind}.weight"] = np.zeros_like(arrays[f"{name}.{kind}.weight"])
    blind = type(model)(model.config, arrays, model.class_names, SMALL)
    z, classes = points
    here, there = (blind.activations(z[i : i + 1], classes[i : i + 1], 0.5, layer) for i in (0, 2))
    images = blind.generate(z[:1], classes[:1], 0.5, moves=[(layer, there - here)])
    wanted = blind.generate(z[2:], classes[2:], 0.5)
    assert np.abs(wanted - blind.generate(z[:1], classes[:1], 0.5)).max() > 0.05
    assert np.abs(images - wanted).max() < 1e-3


def test_a_map_is_read_with_all_biases(model, points):
    """The network adds some biases later than the published one; whoever reads a map must not see it."""
    arrays = dict(model_formats.read_weights(SMALL, model.config))
    name = f"{model.config.parts[0].name}.conv_3.bias"
    arrays[name] = arrays[name] + 2.0
    biased = type(model)(model.config, arrays, model.class_names, SMALL)
    z, classes = points
    moved = biased.activations(z, classes, 0.5, "layers.0") - model.activations(z, classes, 0.5, "layers.0")
    np.testing.assert_allclose(moved, 2.0, atol=1e-4)


def test_maps_do_not_depend_on_how_many_are_computed_at_once(model, points):
    z, classes = points
    one, two = (model.activations(z, classes, [1.0, 0.5, 0.4], "layers.2", at_once=n) for n in (1, 2))
    assert apart(one, two) < 1e-5


def test_bytes_are_the_moved_frames_rounded(model, points):
    z, classes = points
    offsets = np.random.default_rng(2).standard_normal((3, *model.layer_shape("layers.1")))
    images = model.generate(z, classes, 0.5, moves=[("layers.1", offsets)])
    frames = np.stack(list(model.render(z, classes, 0.5, moves=[("layers.1", offsets)])))
    assert np.abs(frames - (images + 1) * 127.5).max() < 0.51


def test_each_frame_has_its_own_offset(model, points):
    z, classes = points
    offsets = np.zeros((3, *model.layer_shape("gen_z")))
    offsets[1] = 0.5
    moved = np.abs(model.generate(z, classes, 0.5, moves=[("gen_z", offsets)]) - model.generate(z, classes, 0.5))
    assert (moved.max(axis=(1, 2, 3)) > 0).tolist() == [False, True, False]


def test_a_model_knows_its_folder(model):
    assert model.folder == SMALL


@pytest.mark.parametrize(
    ("layer", "offsets", "message"),
    [
        ("", np.zeros((1, 4, 4, 1)), "offsets need the layer"),
        ("conv0", np.zeros((1, 4, 4, 1)), "'conv0' is not a layer of biggan_small; its layers are z, gen_z, layers.0"),
        ("gen_z", np.zeros((1, 4, 4, 1)), r"offsets at gen_z must have shape \[1, 4, 4, 96\], not"),
        ("gen_z", np.full((1, 4, 4, 96), np.nan), "a value of offsets is not finite"),
    ],
)
def test_offsets_that_do_not_fit_are_refused(model, layer, offsets, message):
    with pytest.raises(ValueError, match=message):
        model.render(np.zeros((1, 128)), np.zeros((1, 1000)), 1.0, moves=[(layer, offsets)])


@pytest.mark.parametrize("layer", ["gen_z", "layers.0", "rgb"])
def test_a_layer_can_be_bent(model, layer):
    z, classes = np.full((1, 128), 0.3), np.eye(1000)[:1]
    at_rest = model.generate(z, classes, 0.5, bends=[Bend(layer, "rotate", 0.0)])
    np.testing.assert_allclose(at_rest, model.generate(z, classes, 0.5), atol=1e-4)
    bent = model.generate(z, classes, 0.5, bends=[Bend(layer, "rotate", 4.5), Bend(layer, "zoom", 0.5)])
    assert np.abs(bent - at_rest).max() > 0.01


def test_bends_of_the_frames_are_those_of_the_picture(model):
    z, classes = np.full((1, 128), 0.3), np.eye(1000)[:1]
    (frame,) = model.generate(z, classes, 0.5)
    (moved,) = model.generate(z, classes, 0.5, bends=[Bend("rgb", "translate", 1.0)])
    np.testing.assert_allclose(moved[:, 15:], frame[:, :-15], atol=1e-5)


def test_a_layer_that_does_not_bend_is_named(model):
    with pytest.raises(ValueError, match=r"'z' is not a layer of biggan_small that bends; those are gen_z, layers\.0"):
        model.generate(np.zeros((1, 128)), np.eye(1000)[:1], 0.5, bends=[Bend("z", "zoom", 1.0)])
