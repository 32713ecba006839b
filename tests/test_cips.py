"""A generator that computes each pixel by itself: frames, classes, moves, bends, previews; damaged folders."""

import json

import numpy as np
import pytest

from core import families
from core.nn import numpy_ops
from core.protocols import MappedImageModel, Move
from renderer import cips
from renderer.bending import Bend
from renderer.cips import model_files, network
from tests import small_cips

Z = np.random.default_rng(0).standard_normal((3, 4)).astype(np.float32)
CLASSES = np.eye(2, dtype=np.float32)[[0, 1, 0]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return small_cips.write(tmp_path_factory.mktemp("cips") / "small")


@pytest.fixture(scope="module")
def model(folder):
    return cips.load(folder)


def test_the_registry_loads_it(folder):
    assert families.image_description(folder) == families.ImageDescription("small", 128, 4, ("one", "two"))
    assert isinstance(families.load(folder, "image"), MappedImageModel)


def test_each_pixel_is_what_the_network_says_of_its_place(folder, model):
    config, arrays = model_files.read(folder)
    at = network.grid(128)[None, ::97]
    w = network.mapping(numpy_ops, arrays, Z[:1], CLASSES[:1], config)
    displaced = network.displacements(numpy_ops, arrays, w, at)
    places = network.moved(numpy_ops, arrays, w, at, displaced)
    expected = network.colors(numpy_ops, arrays, w, places, config)
    # The model computes displacements at every second place along an edge.
    found = model.generate(Z[:1], CLASSES[:1], 1.0).reshape(1, -1, 3)[:, ::97]
    assert np.abs(found - expected).mean() < 0.005 * expected.std()


def test_frames_are_bytes_of_the_generated(model):
    exact = model.generate(Z, CLASSES, 1.0)
    frames = np.stack(list(model.render(Z, CLASSES, 1.0)))
    assert frames.shape == (3, 128, 128, 3)
    assert frames.dtype == np.uint8
    assert np.abs(frames - np.clip(exact * 127.5 + 127.5, 0, 255)).max() <= 0.51


def test_a_frame_does_not_depend_on_the_others(model):
    assert np.array_equal(model.generate(Z, CLASSES, 0.5)[1:2], model.generate(Z[1:2], CLASSES[1:2], 0.5))


def test_truncation_leads_to_the_average_of_the_classes_as_they_are_mixed(folder, model):
    averages = model_files.read(folder)[1]["mapping.averages"]
    mixed = np.array([[0.25, 0.75]], np.float32)
    assert np.allclose(model.mapping(Z[:1], mixed, 0.0)[0, 0], 0.25 * averages[0] + 0.75 * averages[1], atol=1e-6)
    assert np.allclose(model.mapping(Z, CLASSES, 0.0, cutoff=0), model.mapping(Z, CLASSES, 1.0))


def test_frames_of_mapped_latents_are_those_of_their_latents(model):
    w = model.mapping(Z, CLASSES, 0.7)
    assert np.array_equal(model.synthesis(w), model.generate(Z, CLASSES, 0.7))


@pytest.mark.parametrize("layer", ["z", "w", "places", "layer0", "layer1"])
def test_a_move_shows_and_is_what_the_next_activations_see(model, layer):
    assert layer in model.layers
    offsets = np.full((1, *model.layer_shape(layer)), 0.3, np.float32)
    still, moved = model.generate(Z, CLASSES, 1.0), model.generate(Z, CLASSES, 1.0, moves=[Move(layer, offsets)])
    assert np.abs(moved - still).max() > 0.01
    assert model.activations(Z, CLASSES, 1.0, layer, at_once=2).shape == (3, *model.layer_shape(layer))


def test_a_shift_of_the_places_shifts_the_picture(model):
    offsets = np.zeros((1, 128, 128, 2), np.float32)
    offsets[..., 0] = 2 * 8 / 128
    still = model.generate(Z[:1], CLASSES[:1], 1.0, moves=[Move("places", offsets * 0)])
    places = model.activations(Z[:1], CLASSES[:1], 1.0, "places")
    shifted = model.generate(Z[:1], CLASSES[:1], 1.0, moves=[Move("places", np.roll(places, -8, axis=2) - places)])
    assert np.allclose(shifted[:, :, :-8], still[:, :, 8:], atol=1e-3)


@pytest.mark.parametrize("layer", ["places", "layer0", "rgb"])
def test_layers_bend(model, layer):
    assert layer in model.bend_layers
    bent = model.generate(Z, CLASSES, 1.0, bends=[Bend(layer, "rotate", 0.5)])
    assert np.abs(bent - model.generate(Z, CLASSES, 1.0)).max() > 0.01


@pytest.mark.parametrize("bends", [(), (Bend("places", "rotate", 0.5), Bend("layer1", "translate", 0.0))])
def test_a_preview_looks_like_the_frame(model, bends):
    whole = np.stack(list(model.render(Z, CLASSES, 1.0, bends=bends))).astype(float)
    quick = np.stack(list(model.render(Z, CLASSES, 1.0, bends=bends, preview=True))).astype(float)
    assert quick.shape == whole.shape
    assert np.abs(quick - whole).mean() < 0.2 * whole.std()


def test_a_batch_of_no_rows_is_refused(model):
    with pytest.raises(ValueError, match="at_once must be"):
        model.activations(Z, CLASSES, 1.0, "w", at_once=0)


def test_warming_up_for_a_layer_that_is_not_there_is_refused(model):
    with pytest.raises(ValueError, match="'rgb' is not a layer of small"):
        model.warm_up("rgb")


def test_classes_are_mixed_by_their_mapped_latents(model):
    one, two = (model.mapping(Z[:1], label, 1.0) for label in np.eye(2, dtype=np.float32)[:, None])
    mixed = model.mapping(Z[:1], np.array([[0.25, 0.75]], np.float32), 1.0)
    assert np.allclose(mixed, 0.25 * one + 0.75 * two, atol=1e-5)


def test_less_of_a_class_is_nearer_to_the_average_of_all(model, folder):
    average = model_files.read(folder)[1]["mapping.averages"].mean(axis=0)
    whole, half, none = (model.mapping(Z[:1], np.array([[share, 0]], np.float32), 1.0) for share in (1, 0.5, 0))
    assert np.allclose(none, average, atol=1e-6)
    assert np.allclose(half, (whole + average) / 2, atol=1e-5)


def test_a_mixture_of_any_strength_has_an_average(model):
    strong = np.full((1, 2), 3e38, np.float32)
    assert np.allclose(model.mapping(Z[:1], strong / 1e38, 0.0), model.mapping(Z[:1], strong / 2e38, 0.0))


def test_warming_up_compiles_what_frames_need(folder):
    model = cips.load(folder)
    bends = [Bend("layer0", "rotate", 0.5)]
    model.warm_up(bends=bends)
    model.warm_up(preview=True)
    model.warm_up("layer0")
    assert len(list(model.render(Z, CLASSES, 1.0, bends=bends))) == 3


def test_bfloat16_changes_little(folder, model):
    exact, quick = model.generate(Z, CLASSES, 1.0), cips.load(folder, precision="bf16").generate(Z, CLASSES, 1.0)
    assert np.abs(exact - quick).mean() < 0.05 * exact.std()


def test_a_model_without_classes_plays(tmp_path):
    model = cips.load(small_cips.write(tmp_path / "plain", ()))
    assert model.num_classes == 0
    assert model.generate(Z, None, 0.5).shape == (3, 128, 128, 3)
    assert model.generate(Z[:0], None, 0.5).shape == (0, 128, 128, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"noise": "const"}, "noise must be None"),
        ({"bends": [Bend("layer9", "rotate", 0.5)]}, "'layer9' is not a layer"),
        ({"truncation": [0.1, 0.2]}, r"truncation must be one number or \[3\]"),
        ({"z": Z[:, :3]}, r"z must have shape \[n, 4\]"),
        ({"z": 1.0}, r"z must have shape \[n, 4\]"),
        ({"classes": None}, r"classes must have shape \[3, 2\]"),
    ],
)
def test_bad_arguments_are_refused(model, arguments, message):
    given = {"z": Z, "classes": CLASSES, "truncation": 1.0} | arguments
    with pytest.raises(ValueError, match=message):
        model.generate(**given)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"width": "x"}, "width must be a number"),
        ({"depth": 0}, "depth must be"),
        ({"rank": None}, "rank must be a number"),
        ({"version": 2}, "version must be"),
        ({"width": 9}, "layer0.weight must have shape"),
    ],
)
def test_a_damaged_config_is_named(tmp_path, changes, message):
    folder = small_cips.write(tmp_path / "small")
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    with pytest.raises(ValueError, match=message):
        cips.load(folder)


def test_damaged_weights_are_named(tmp_path):
    folder = small_cips.write(tmp_path / "small")
    path = folder / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"weights\.safetensors"):
        cips.load(folder)


def test_names_that_do_not_fit_are_refused(tmp_path):
    folder = small_cips.write(tmp_path / "small")
    (folder / "classes.json").write_text('["one"]')
    with pytest.raises(ValueError, match="must be a list of 2 names"):
        cips.load(folder)
