"""A loaded StyleGAN2, as anything that plays image models uses it."""

from pathlib import Path

import keras
import numpy as np
import pytest
from small_stylegan2 import write

import ganspace
from core import families
from core.install import install_model
from core.protocols import BendableImageModel, ImageModel, MappedImageModel, Move, NoisyImageModel
from ganspace.plan import Plan
from renderer import stylegan2
from renderer.bending import TRANSFORMS, Bend
from renderer.stylegan2 import weights
from renderer.stylegan2.config import StyleGan2Config
from renderer.stylegan2.formats import own_format
from scripts import stylegan2_convert

DATA = Path(__file__).parent / "data" / "stylegan2"
CLOSE = 2e-5
SMALL = StyleGan2Config((8, 8, 8), 8, 8, mapping_size=8, mapping_layers=2)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return stylegan2.load(write(tmp_path_factory.mktemp("models") / "small"))


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "labelled"
    return stylegan2.load(write(folder, ("frog", "toad", "newt"), num_classes=3, labels="concat"))


Z = np.random.default_rng(0).standard_normal((3, 8)).astype(np.float32)


def test_it_is_an_image_model_with_mapped_latents(model):
    assert isinstance(model, ImageModel)
    assert isinstance(model, MappedImageModel)
    assert isinstance(model, BendableImageModel)
    assert isinstance(model, NoisyImageModel)


def test_nvidias_pictures_by_the_front_door():
    known = np.load(DATA / "nvidia_skip64.npz")
    found = stylegan2.load(DATA / "nvidia_skip64.pkl").generate(known["z"], None, 0.5)
    assert np.abs(found - known["images_psi05"].transpose(0, 2, 3, 1)).max() < CLOSE


def test_its_bytes_are_those_of_nvidias_program():
    known = np.load(DATA / "nvidia_skip64.npz")
    frames = list(stylegan2.load(DATA / "nvidia_skip64.pkl").render(known["z"], None, 0.5))
    assert np.abs(np.int16(frames) - known["uint8_psi05"]).max() <= 1


def test_truncation_leads_to_the_average(model):
    w = model.mapping(Z, None, 0.0)
    np.testing.assert_allclose(w[0], np.tile(np.linspace(-1, 1, 8), (6, 1)), atol=1e-6)


def test_truncation_leads_to_the_average_of_the_class_where_there_is_one(tmp_path):
    folder = write(tmp_path / "model", ("frog", "toad"), num_classes=2)
    config, arrays = own_format.read_config(folder), own_format.read_arrays(folder)
    arrays[weights.CLASS_AVERAGES] = np.stack([np.full(8, 2.0), np.full(8, 4.0)])
    own_format.write(tmp_path / "own", config, arrays, ("frog", "toad"), "float32")
    labels = np.array([[1, 0], [0.5, 0.5], [0, 0]], np.float32)
    w = stylegan2.load(tmp_path / "own").mapping(Z, labels, 0.0)[:, 0]
    np.testing.assert_allclose(w, [np.full(8, 2.0), np.full(8, 3.0), np.linspace(-1, 1, 8)], atol=1e-6)


def test_a_cutoff_truncates_the_first_layers_only(model):
    part, whole, none = (model.mapping(Z, None, psi, cutoff) for psi, cutoff in ((0.5, 2), (0.5, None), (1.0, None)))
    np.testing.assert_array_equal(part[:, :2], whole[:, :2])
    np.testing.assert_array_equal(part[:, 2:], none[:, 2:])


def test_each_frame_may_have_its_own_truncation(model):
    each = model.generate(Z, None, np.array([0.0, 0.5, 1.0]))
    np.testing.assert_allclose(each[1], model.generate(Z[1:2], None, 0.5)[0], atol=1e-6)


def test_styles_mix_by_layer(model):
    w = model.mapping(Z, None, 1.0)
    mixed = np.concatenate([w[:1, :2], w[1:2, 2:]], axis=1)
    frame = model.synthesis(mixed)[0]
    assert np.abs(frame - model.synthesis(w[:2])).max() > 0.01


def test_noise_is_as_asked(model):
    w = model.mapping(Z[:1], None, 1.0)
    const, none = model.synthesis(w, noise="const"), model.synthesis(w, noise="none")
    own = [np.zeros((1, edge, edge, 1)) for edge in model.noise_sizes]
    np.testing.assert_allclose(model.synthesis(w, noise=own), none, atol=1e-6)
    assert np.abs(const - none).max() > 0.01
    assert np.abs(model.synthesis(w, noise="random") - model.synthesis(w, noise="random")).max() > 0.01


def test_each_frame_may_have_its_own_noise(model):
    w = np.repeat(model.mapping(Z[:1], None, 1.0), 2, axis=0)
    noise = [np.stack([np.zeros((edge, edge, 1)), np.ones((edge, edge, 1))]) for edge in model.noise_sizes]
    first, second = model.synthesis(w, noise=noise)
    assert np.abs(first - second).max() > 0.01


@pytest.mark.parametrize(
    ("noise", "rule"),
    [
        ("loud", "noise must be one of const, none, random, not 'loud'"),
        (3.0, "noise must be const, none, random, or an array for each layer, not 3"),
        (["x"] * 5, r"the noise of b4\.conv1 must be numbers, not 'x'"),
        ([np.zeros((1, 4, 4, 1))], "there are 1 noises, but the layers with noise are b4.conv1, b8.conv0"),
        ([np.zeros((1, 5, 4, 1))] * 5, r"the noise of b4\.conv1 must be finite numbers of shape \[n, 4, 4, 1\]"),
    ],
)
def test_noise_that_does_not_fit_is_named(model, noise, rule):
    with pytest.raises(ValueError, match=rule):
        model.generate(Z, None, 1.0, noise=noise)


def test_labels_change_the_picture(labelled):
    one, other = (labelled.generate(Z[:1], np.eye(3)[[number]], 1.0) for number in (0, 2))
    assert np.abs(one - other).max() > 0.01


def test_the_length_of_z_does_not_count_beside_labels(labelled):
    frames = [labelled.generate(scale * Z, np.eye(3), 1.0) for scale in (1.0, 0.25)]
    np.testing.assert_allclose(*frames, atol=1e-5)


def test_an_embedding_of_a_label_may_have_another_length_than_w(tmp_path):
    folder = write(tmp_path / "model", ("frog", "toad"), num_classes=2, embed_size=5, mapping_layers=1)
    arrays, z, label = own_format.read_arrays(folder), np.linspace(-1, 1, 8), np.array([0.0, 1.0])
    embedded = label @ arrays["mapping.embed.weight"] / np.sqrt(2) + arrays["mapping.embed.bias"]
    both = np.concatenate([one / np.sqrt(np.mean(one**2) + 1e-8) for one in (z, embedded)])
    found = both @ arrays["mapping.fc0.weight"] * 0.01 / np.sqrt(13)
    expected = np.where(found < 0, 0.2 * found, found) * np.sqrt(2)
    given = stylegan2.load(folder).mapping(z[None], label[None], 1.0)[0, 0]
    np.testing.assert_allclose(given, expected, atol=1e-5)


def test_labels_that_are_missing_are_named(labelled):
    with pytest.raises(ValueError, match=r"classes must have shape \[3, 3\], not \[3, 0\]"):
        labelled.generate(Z, None, 1.0)


def test_offsets_move_w(model):
    offsets = np.random.default_rng(1).standard_normal((1, 1, 1, 8)).astype(np.float32)
    moved = model.generate(Z, None, 0.7, moves=[Move("w", offsets)])
    np.testing.assert_allclose(moved, model.synthesis(model.mapping(Z, None, 0.7) + offsets[0, 0]), atol=1e-5)


def test_offsets_of_what_a_layer_has_double_it(model):
    own = model.activations(Z, None, 0.7, "b16.torgb")
    moved = model.generate(Z, None, 0.7, moves=[Move("b16.torgb", own)])
    np.testing.assert_allclose(moved - model.generate(Z, None, 0.7), own, atol=1e-5)


@pytest.mark.parametrize("at_once", [1, 2, 64])
def test_activations_do_not_depend_on_the_batch(model, at_once):
    one = model.activations(Z, None, 1.0, "b8.conv1")
    np.testing.assert_allclose(model.activations(Z, None, 1.0, "b8.conv1", at_once=at_once), one, atol=1e-5)


def test_a_layer_that_is_not_there_is_named(model):
    with pytest.raises(ValueError, match=r"'b9' is not a layer of small; its layers are z, w, b4\.conv1"):
        model.layer_shape("b9")
    with pytest.raises(ValueError, match=r"'b9' is not a layer of small that bends; those are b4\.conv1"):
        model.generate(Z, None, 1.0, bends=[Bend("b9", "zoom", 1.0)])


def test_a_preview_looks_like_the_picture(tmp_path):
    # Blocks that add little are left out of a preview.
    config = SMALL
    arrays = weights.initial(config, np.random.default_rng(3))
    arrays["b16.torgb.weight"] *= 0.0
    own_format.write(tmp_path / "m", config, arrays, dtype="float32")
    model = stylegan2.load(tmp_path / "m")
    (full,), (half,) = model.render(Z[:1], None, 1.0), model.render(Z[:1], None, 1.0, preview=True)
    assert half.shape == full.shape
    assert np.abs(np.int16(full) - half).max() <= 1


def test_a_preview_leaves_out_what_is_beyond_its_size(model):
    beyond = {
        "moves": [Move("b16.conv1", np.ones((1, 16, 16, 8), np.float32))],
        "bends": [Bend("b16.conv0", "zoom", 0.5)],
    }
    (plain,), (moved,) = (model.render(Z[:1], None, 1.0, preview=True, **options) for options in ({}, beyond))
    np.testing.assert_array_equal(plain, moved)


def test_bends_of_the_frames_look_the_same_in_a_preview(model):
    (plain,), (moved,) = (
        model.render(Z[:1], None, 1.0, preview=True, bends=[Bend("rgb", "translate", amount)])
        for amount in (0.0, 4 / 15)
    )
    # The filter that enlarges a preview reaches over two pixels.
    np.testing.assert_allclose(np.int16(moved)[4:-4, 8:-4], np.int16(plain)[4:-4, 4:-8], atol=2)


def test_grey_generators_give_three_equal_colours(tmp_path):
    (frame,) = stylegan2.load(write(tmp_path / "grey", colors=1)).generate(Z[:1], None, 1.0)
    assert frame.shape == (16, 16, 3)
    np.testing.assert_array_equal(frame[..., 0], frame[..., 2])


@pytest.mark.parametrize("precision", ["f32", "bf16"])
def test_keras_paints_the_same_bent_or_not(labelled, precision):
    other = stylegan2.load(labelled.folder, engine=keras.config.backend(), precision=precision)
    bends = [Bend("b8.conv1", transform, one.rest + 0.3) for transform, one in TRANSFORMS.items()]
    for options in ({}, {"bends": bends, "noise": [0.5 * noise for noise in labelled.noises]}):
        frames = [np.int16(list(one.render(Z[:1], np.eye(3)[:1], 0.7, **options))) for one in (labelled, other)]
        assert np.abs(np.subtract(*frames)).max() <= (1 if precision == "f32" else 16)


def test_a_converted_model_gives_the_same_pictures(tmp_path):
    stylegan2.convert(DATA / "ada_uncond64.pkl", tmp_path / "own", "float32")
    known = np.load(DATA / "ada_uncond64.npz")
    found = stylegan2.load(tmp_path / "own").generate(known["z"], None, 1.0)
    assert np.abs(found - known["images_const_psi1"].transpose(0, 2, 3, 1)).max() < CLOSE


def test_the_registry_finds_describes_and_loads_it(tmp_path):
    folder = write(tmp_path / "stylegan2" / "amphibians", ("frog", "toad", "newt"), num_classes=3)
    (found,) = families.find([tmp_path], "image")
    assert (found.name, found.family.name) == ("amphibians", "stylegan2")
    known = families.image_description(folder)
    assert (known.size, known.z_size, known.class_names) == (16, 8, ("frog", "toad", "newt"))
    found.family.check(folder)
    assert families.load(folder, "image").name == "amphibians"


def test_the_registry_finds_the_files_of_other_programs(tmp_path):
    folder = tmp_path / "stylegan2" / "theirs"
    folder.mkdir(parents=True)
    (folder / "network.pkl").write_bytes((DATA / "nvidia_skip64.pkl").read_bytes())
    (found,) = families.find([tmp_path], "image")
    assert families.image_description(found.folder).size == 64


@pytest.mark.parametrize("architecture", ["resid", "orig"])
def test_without_colours_on_the_way_there_is_no_preview(tmp_path, architecture):
    model = stylegan2.load(write(tmp_path / "m", architecture=architecture))
    (full,), (half,) = model.render(Z[:1], None, 1.0), model.render(Z[:1], None, 1.0, preview=True)
    np.testing.assert_array_equal(full, half)


@pytest.fixture(scope="module")
def directions(model):
    return ganspace.compute(model, Plan(count=256, components=4))


def test_directions_are_the_principal_components_of_w_and_move_it(model, directions):
    w = model.mapping(model.draw(np.random.default_rng(5), 4096, 1.0), None, 1.0)[:, 0]
    largest = np.linalg.svd(w - w.mean(axis=0), full_matrices=False)[2][0]
    assert (directions.layer, directions.components.shape) == ("w", (4, 1, 1, 8))
    assert abs(directions.components[0].ravel() @ largest) > 0.9


def test_an_edit_is_so_many_standard_deviations_in_w(model, directions):
    offsets = directions.offsets(np.array([[2.0]]))
    moved = model.generate(Z, None, 1.0, moves=[Move(directions.layer, offsets)])
    w = model.mapping(Z, None, 1.0) + 2.0 * directions.stdev[0] * directions.components[0].ravel()
    np.testing.assert_allclose(moved, model.synthesis(w.astype(np.float32)), atol=1e-4)


@pytest.mark.parametrize(("name", "size"), [("nvidia_skip64.pkl", 64), ("rosinality_from_nvidia64.pt", 64)])
def test_a_single_file_is_added_to_the_models(tmp_path, name, size):
    folder = install_model.add(str(DATA / name), tmp_path)
    assert folder == tmp_path / "stylegan2" / Path(name).stem
    assert families.image_description(folder).size == size


def test_another_single_file_is_refused_and_leaves_nothing(tmp_path):
    (tmp_path / "directions.pkl").write_bytes(b"no network")
    with pytest.raises(FileNotFoundError, match="directions contains no model"):
        install_model.add(str(tmp_path / "directions.pkl"), tmp_path / "mine")
    assert not any((tmp_path / "mine").iterdir())


def test_the_command_converts(tmp_path, capsys):
    assert stylegan2_convert.main([str(DATA / "aiart64_ckpt" / "ckpt"), str(tmp_path / "own")]) == 0
    assert capsys.readouterr().out.endswith("64 px, 0 classes, 0.2 MB\n")
    assert stylegan2.load(tmp_path / "own").config.variant == "aiart"


@pytest.mark.parametrize("labels", ["embed", "concat"])
def test_the_command_keeps_some_classes_as_they_are(tmp_path, labels):
    folder = write(tmp_path / "all", ("frog", "toad", "newt"), num_classes=3, labels=labels)
    assert stylegan2_convert.main([str(folder), str(tmp_path / "two"), "--float32", "--classes", "newt,frog"]) == 0
    three, two = stylegan2.load(folder), stylegan2.load(tmp_path / "two")
    assert two.class_names == ("newt", "frog")
    known = three.generate(Z[:2], np.eye(3, dtype=np.float32)[[2, 0]], 1.0)
    np.testing.assert_allclose(two.generate(Z[:2], np.eye(2, dtype=np.float32), 1.0), known, atol=1e-4)


def test_classes_that_are_kept_are_truncated_towards_their_own_average(tmp_path):
    folder = write(tmp_path / "all", ("frog", "toad", "newt"), num_classes=3)
    stylegan2.convert(folder, tmp_path / "two", "float32", ("newt", "frog"))
    model, z = stylegan2.load(tmp_path / "two"), np.random.default_rng(5).standard_normal((2000, 8))
    for label in np.eye(2, dtype=np.float32):
        labels = np.repeat(label[None], len(z), axis=0)
        mean = model.mapping(z, labels, 1.0)[:, 0].mean(axis=0)
        assert np.abs(model.mapping(z[:1], labels[:1], 0.0)[0, 0] - mean).max() < 0.15


def test_a_class_that_is_not_there_cannot_be_kept(tmp_path):
    folder = write(tmp_path / "all", ("frog", "toad"), num_classes=2)
    with pytest.raises(ValueError, match="there is no class 'newt'; there are frog, toad"):
        stylegan2.convert(folder, tmp_path / "one", kept=("newt",))
