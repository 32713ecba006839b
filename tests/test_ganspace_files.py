"""Components files of both kinds hold the same; pitch matters in coordinate mode; hostile files execute nothing."""

import io
import os
import pickle
import pickletools
import zipfile
from dataclasses import replace

import numpy as np
import pytest

import ganspace
from ganspace import Components, Latents, Origin, files
from tests.conftest import SMALL

RNG = np.random.default_rng(0)
SHAPE = (2, 3, 4)


def components(**change):
    basis, _ = np.linalg.qr(RNG.standard_normal((24, 3)))
    full = Components(
        "conv0",
        "stream",
        basis.T.reshape(3, *SHAPE).astype(np.float32),
        np.array([3.0, 2.0, 1.0]),
        np.array([0.5, 0.3, 0.1]),
        np.ones(SHAPE, np.float32),
        Origin("mine", "abc", 32, 7, 4_194_304),
        (30, 32),
        np.stack([np.zeros(SHAPE), np.ones(SHAPE)]).astype(np.float32),
        Latents(np.eye(3, 5, dtype=np.float32), np.zeros(5, np.float32), np.ones(3, np.float32)),
        ("breath", "", "Größe"),
    )
    return replace(full, **change)


@pytest.fixture(params=[".npz", ".pickle", ".pkl"])
def path(request, tmp_path):
    return tmp_path / f"a{request.param}"


def test_what_is_written_is_read(path):
    written = components()
    ganspace.save(path, written)
    read = ganspace.load(path)
    for name in ("layer", "estimator", "origin", "pitches", "names"):
        assert getattr(read, name) == getattr(written, name)
    for name in ("components", "stdev", "var_ratio", "mean", "pitch_means"):
        np.testing.assert_array_equal(getattr(read, name), getattr(written, name))
    for name in ("directions", "mean", "stdev"):
        np.testing.assert_array_equal(getattr(read.latents, name), getattr(written.latents, name))


def test_the_same_components_give_the_same_bytes(path, tmp_path):
    same = components()
    ganspace.save(path, same)
    first = path.read_bytes()
    ganspace.save(path, same)
    assert path.read_bytes() == first
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_another_suffix_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"must end in \.npz, \.pickle"):
        ganspace.save(tmp_path / "a.json", components())


def test_a_pickle_names_nothing_that_numpy_1_does_not_have(tmp_path):
    ganspace.save(tmp_path / "a.pickle", components())
    data = (tmp_path / "a.pickle").read_bytes()
    named = {str(arg) for opcode, arg, _ in pickletools.genops(data) if opcode.name == "GLOBAL"}
    assert named == {"numpy.core.multiarray _reconstruct", "numpy ndarray", "numpy dtype"}
    plain = pickle.loads(data)
    assert {"layer", "estimator", "comp", "stdev", "var_ratio", "global_mean"} < set(plain)
    assert plain["comp"].shape == (3, *SHAPE)


def test_the_courses_pickle_can_be_saved_as_ours(tmp_path):
    course = ganspace.load(SMALL / "magenta_small_conv0_ipca_1024.pickle")
    ganspace.save(tmp_path / "a.npz", course)
    ours = ganspace.load(tmp_path / "a.npz")
    np.testing.assert_array_equal(ours.components, course.components)
    assert not ours.knows_pitch


def test_pitch_matters_in_coordinate_mode():
    waves = components().activations([[1.0], [1.0]], [30, 32])
    np.testing.assert_allclose(waves[1] - waves[0], np.ones(SHAPE))


def test_without_means_of_pitches_the_pitch_is_ignored():
    course = components(pitches=(), pitch_means=np.zeros(0, np.float32))
    assert not course.knows_pitch
    np.testing.assert_array_equal(course.activations([[1.0]], [30]), course.activations([[1.0]]))


def test_a_pitch_without_a_mean_is_named():
    with pytest.raises(ValueError, match="no mean for pitch 31"):
        components().activations([[1.0]], [31])


def test_coordinates_undo_edits():
    edits = np.array([[1.0, -2.0, 0.5], [0, 0, 3]])
    own = components()
    np.testing.assert_allclose(own.coordinates(own.activations(edits, [30, 32]), [30, 32]), edits, atol=1e-5)
    np.testing.assert_allclose(own.coordinates(own.activations(edits), count=2), edits[:, :2], atol=1e-5)


def test_coordinates_need_activations_of_this_layer():
    with pytest.raises(ValueError, match="activations must have shape"):
        components().coordinates(np.zeros((1, 2, 3)))


def test_directions_can_be_followed_in_z():
    np.testing.assert_array_equal(components().latent_offsets([[2.0, -1.0]]), [[2, -1, 0, 0, 0]])
    with pytest.raises(ValueError, match="no latent directions"):
        components(latents=None).latent_offsets([[1.0]])


def test_a_direction_can_be_named():
    named = components(names=()).named(1, "bright")
    assert [named.name(i) for i in range(3)] == ["", "bright", ""]
    with pytest.raises(ValueError, match="there is no direction 4; there are 3"):
        named.named(3, "x")


class Evil:
    """A value that makes a folder when it is unpickled."""

    def __init__(self, trap):
        self.trap = trap

    def __reduce__(self):
        return os.mkdir, (str(self.trap),)


def hostile_npz(path, key, trap):
    """Ours, with one array that only pickle could read."""
    ganspace.save(path, components())
    array = np.empty(1, object)
    array[0] = Evil(trap)
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, allow_pickle=True)
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(path, "w") as new:
        for name, data in (parts | {f"{key}.npy": buffer.getvalue()}).items():
            new.writestr(name, data)


@pytest.mark.parametrize("key", ["comp", "names", "layer", "unknown"])
def test_a_hostile_npz_executes_nothing(tmp_path, key):
    trap = tmp_path / "trap"
    hostile_npz(tmp_path / "a.npz", key, trap)
    with pytest.raises(ValueError, match=r"a\.npz cannot be read as a components file"):
        ganspace.load(tmp_path / "a.npz")
    assert not trap.exists()


@pytest.mark.parametrize("key", ["names", "pitches", "lat_comp", "checkpoint", "unknown"])
def test_a_pickle_that_is_hostile_in_our_own_keys_executes_nothing(tmp_path, key):
    trap, good = tmp_path / "trap", files._dict(components())
    (tmp_path / "a.pickle").write_bytes(pickle.dumps(good | {key: Evil(trap)}))
    with pytest.raises(ValueError, match="which an array does not need"):
        ganspace.load(tmp_path / "a.pickle")
    assert not trap.exists()


def test_a_pickle_disguised_as_npz_executes_nothing(tmp_path):
    trap = tmp_path / "trap"
    (tmp_path / "a.npz").write_bytes(pickle.dumps(Evil(trap)))
    with pytest.raises(ValueError, match="does not need"):
        ganspace.load(tmp_path / "a.npz")
    assert not trap.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": 2}, "has version 2; this program reads up to 1"),
        ({"format": "other"}, "is not marked as hallu-components"),
        ({"pitch_means": np.zeros((1, *SHAPE))}, "pitch_means has shape"),
        ({"lat_comp": np.zeros((2, 5))}, "lat_comp must have shape"),
        ({"names": np.array(["a", "b", "c", "d"])}, "4 names for 3 directions"),
        ({"stdev": np.array([1, np.nan, 0])}, "a value of stdev is not finite"),
        ({"pitches": np.array(["x"])}, "invalid literal"),
    ],
)
def test_a_wrong_npz_is_one_sentence(tmp_path, change, words):
    np.savez(tmp_path / "a.npz", **(files._dict(components()) | change))
    with pytest.raises(ValueError, match=words) as failure:
        ganspace.load(tmp_path / "a.npz")
    assert "a.npz" in str(failure.value)


@pytest.mark.parametrize("missing", ["lat_comp", "lat_mean", "lat_stdev"])
def test_a_file_without_all_latent_arrays_plays(tmp_path, missing):
    written = components()
    content = {key: value for key, value in files._dict(written).items() if key != missing}
    np.savez(tmp_path / "a.npz", **content)
    read = ganspace.load(tmp_path / "a.npz")
    assert read.latents is None
    assert (read.offsets([[1.0]]) == written.offsets([[1.0]])).all()


def test_latent_directions_of_the_original_ganspace_have_one_axis_more(tmp_path):
    content = files._dict(components())
    changed = {"lat_comp": content["lat_comp"][:, None], "lat_mean": content["lat_mean"][None]}
    np.savez(tmp_path / "a.npz", **(content | changed))
    latents = ganspace.load(tmp_path / "a.npz").latents
    assert (latents.directions == content["lat_comp"]).all()
    assert latents.mean.shape == content["lat_mean"].shape


@pytest.mark.parametrize("cut", [10, 200, 2000])
def test_half_a_file_is_no_components_file(path, cut):
    ganspace.save(path, components())
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(ValueError, match="cannot be read as a components file"):
        ganspace.load(path)


@pytest.mark.parametrize("change", [{"layer": "conv0\x1b[2J"}, {"names": ("a\nb",)}, {"names": ("x" * 1000,)}])
def test_names_with_a_terminals_commands_are_refused(tmp_path, change):
    ganspace.save(tmp_path / "a.npz", components(**change))
    with pytest.raises(ValueError, match="must be text that can be seen"):
        ganspace.load(tmp_path / "a.npz")
