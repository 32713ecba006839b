"""The commands that plot, describe and name directions; gan2n; gansynth_generate --edits."""

import csv
import shutil
from itertools import product

import numpy as np
import pytest
import soundfile

import ganspace
from core.files.user_folders import shipped, ships
from core.latent.interpolation import slerp
from scripts import gan2n, ganspacesynth_describe, ganspacesynth_spectrograms, gansynth_generate
from tests.conftest import SMALL

PCA = SMALL / "magenta_small_conv0_ipca_1024.pickle"


@pytest.fixture
def run(tmp_path, capsys):
    """Run a command with --output_dir; its exit status, stdout and stderr."""

    def run(command, *flags):
        status = command.main([*map(str, flags), "--output_dir", str(tmp_path / "out")])
        return status, *capsys.readouterr()

    return run


def names(tmp_path):
    return sorted(path.name for path in (tmp_path / "out").iterdir())


def wave(tmp_path, name):
    return soundfile.read(tmp_path / "out" / name, dtype="float32")[0]


def test_a_plane_is_a_wav_per_point_a_picture_and_meta(run, tmp_path):
    flags = ["--pca_file", PCA, "--min", -0.5, "--max", 0.5, "--steps", 2, "--pitch", 40]
    status, *_ = run(ganspacesynth_spectrograms, *flags)
    assert status == 0
    waves = [f"wave_{x},{y}.wav" for x, y in product((-0.5, 0.5), repeat=2)]
    assert names(tmp_path) == sorted([*waves, "meta.txt", "plot.png", "plot.svg"])
    meta = (tmp_path / "out" / "meta.txt").read_text()
    start = "checkpoint name: magenta_small\npca name: magenta_small_conv0_ipca_1024.pickle\npitch: 40\n"
    assert meta.startswith(start + "min: -0.5\nmax: 0.5\nsteps: 2\n")


def test_a_point_of_the_plane_is_the_sound_of_its_edits(run, tmp_path, magenta):
    flags = ["--pca_file", PCA, "--min", 0, "--max", 2, "--steps", 2, "--pitch", 40, "--directions", 3, 1]
    run(ganspacesynth_spectrograms, *flags)
    activations = ganspace.load(PCA).activations([[2.0, 0.0, 0.0]])
    expected = magenta.generate_from_activations("conv0", activations, [40])[0]
    found = wave(tmp_path, "wave_0.0,2.0.wav")
    np.testing.assert_allclose(found, expected, atol=1e-3 * np.abs(expected).max())


def test_with_a_seed_the_plane_goes_through_its_sound(run, tmp_path, magenta):
    run(ganspacesynth_spectrograms, "--pca_file", PCA, "--min", 0, "--max", 1, "--steps", 2, "--pitch", 40, "--seed", 5)
    z = np.random.default_rng(5).standard_normal((1, magenta.latent_size))
    own = magenta.generate(z, [40])[0]
    np.testing.assert_allclose(wave(tmp_path, "wave_0.0,0.0.wav"), own, atol=1e-3 * np.abs(own).max())


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--directions", 1, 600], "has no direction 600; it has 512"),
        (["--pitch", 3], "has no pitch 3"),
        (["--ckpt_dir", "none"], "none contains no model"),
        (["--pca_file", "none.npz", "--ckpt_dir", SMALL], "there is no components file none.npz"),
    ],
)
def test_a_failure_is_one_line_and_status_1(run, flags, words):
    status, _, errors = run(ganspacesynth_spectrograms, "--pca_file", PCA, *flags)
    assert status == 1
    assert words in errors
    assert errors.count("\n") == 1


def test_a_components_file_away_from_its_checkpoint_asks_for_it(run, tmp_path):
    shutil.copy(PCA, tmp_path / "a.pickle")
    status, _, errors = run(ganspacesynth_spectrograms, "--pca_file", tmp_path / "a.pickle")
    assert status == 1
    assert "name the checkpoint with --ckpt_dir" in errors


@pytest.mark.parametrize(
    "flags",
    [["--min", 1, "--max", 1], ["--steps", 1], ["--directions", 2, 2], ["--min", "nan"], ["--directions", 0, 1]],
)
def test_wrong_usage_is_status_2(run, flags):
    with pytest.raises(SystemExit) as stop:
        run(ganspacesynth_spectrograms, "--pca_file", PCA, *flags)
    assert stop.value.code == 2


def test_a_sheet_for_each_direction_a_table_and_the_variance(run, tmp_path):
    status, said, _ = run(ganspacesynth_describe, "--pca_file", PCA, "--directions", 1, "--pitch", 40)
    assert status == 0
    assert names(tmp_path) == ["direction_001.png", "directions.csv", "variance.png"]
    with (tmp_path / "out" / "directions.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["sigma"] for row in rows] == ["-3", "-2", "-1", "0", "1", "2", "3"]
    assert all(np.isfinite(float(row["brightness_hz"])) for row in rows)
    assert said.startswith("1: ")


@pytest.mark.parametrize("suffix", [".pickle", ".npz"])
def test_names_are_saved_in_the_file(tmp_path, capsys, suffix):
    path = tmp_path / f"a{suffix}"
    ganspace.save(path, ganspace.load(PCA))
    flags = ["--pca_file", str(path), "--name", "1", "breath", "--name", "3", "clang"]
    assert ganspacesynth_describe.main(flags) == 0
    assert ganspace.load(path).names == ("breath", "", "clang")
    assert capsys.readouterr().out == "1: breath\n3: clang\n"


@pytest.fixture
def data_dir(tmp_path, monkeypatch):
    """The user's data folder."""
    monkeypatch.setattr("core.files.user_folders.data_dir", lambda: tmp_path / "data")
    return tmp_path / "data"


def test_names_for_a_file_that_ships_are_in_the_users_folder(data_dir, tmp_path, capsys):
    file = shipped("models") / "gansynth" / "fluid" / "fluid_conv0.npz"
    before, names = file.read_bytes(), ganspace.load(file).names
    assert ganspacesynth_describe.main(["--pca_file", str(file), "--name", "3", "breath"]) == 0
    assert file.read_bytes() == before
    (written,) = (data_dir / "direction_names").iterdir()
    assert f"the names are in {written}" in capsys.readouterr().out
    assert ganspace.load(file).names[:4] == (*names[:2], "breath", *names[3:4])
    # A copy of the file has names of its own.
    assert ganspace.load(shutil.copy(file, tmp_path)).names == names


def test_a_file_beside_those_that_ship_has_its_names_in_it(data_dir):
    models = shipped("models")
    assert ships(models / "gansynth" / "fluid" / "fluid_conv0.npz")
    assert not ships(models / "gansynth" / "mine" / "mine_conv0.npz")


def test_names_that_cannot_be_read_are_left_out(data_dir, caplog):
    file = shipped("models") / "gansynth" / "fluid" / "fluid_conv0.npz"
    components = ganspace.load(file)
    ganspace.save_names(file, components.named(0, "mine"))
    next((data_dir / "direction_names").iterdir()).write_text("[")
    assert ganspace.load(file).names == components.names
    assert "cannot be read" in caplog.text


def test_a_name_for_no_direction_is_refused(tmp_path, capsys):
    shutil.copy(PCA, tmp_path / "a.pickle")
    assert ganspacesynth_describe.main(["--pca_file", str(tmp_path / "a.pickle"), "--name", "900", "x"]) == 1
    assert "there is no direction 900; there are 512" in capsys.readouterr().err


def test_edits_move_the_notes_of_gansynth_generate(run, tmp_path, magenta):
    # Of this seed the note is not chaotic: a change of z by 1e-6 moves it by 2e-6, that of seed 3 by 0.07.
    flags = ["--ckpt_dir", SMALL, "--batch_size", 1, "--seed", 11, "--pitch", 40, "--edits_file", PCA, "--edits=-2,0.5"]
    flags.append("--raw")
    assert run(gansynth_generate, *flags)[0] == 0
    z = np.random.default_rng(11).standard_normal((1, magenta.latent_size)).astype(np.float32)
    moved = magenta.activations(z, [40], "conv0") + ganspace.load(PCA).offsets([[-2.0, 0.5]])
    expected = magenta.generate_from_activations("conv0", moved, [40])[0]
    np.testing.assert_allclose(wave(tmp_path, "generated_0.wav"), expected, atol=1e-3 * np.abs(expected).max())


@pytest.mark.parametrize("flags", [["--edits=1"], ["--edits_file", PCA], ["--edits=a", "--edits_file", PCA]])
def test_edits_and_their_file_go_together(run, flags):
    with pytest.raises(SystemExit) as stop:
        run(gansynth_generate, "--ckpt_dir", SMALL, *flags)
    assert stop.value.code == 2


@pytest.mark.parametrize(
    ("text", "pitches"),
    [("36", [36]), ("24,30", [24, 30]), ("(36..38)", [36, 37, 38]), ("24,(36,38..41),50", [24, 36, 38, 40, 50])],
)
def test_pitches_of_gan2n(text, pitches):
    assert gan2n.pitches(text) == pitches


@pytest.mark.parametrize("text", ["", "a", "(36..)", "(40..36)", "(36,36..40)", "36,"])
def test_bad_pitches_of_gan2n_are_refused(run, text):
    with pytest.raises(SystemExit) as stop:
        run(gan2n, "--ckpt_dir", SMALL, "--pitches", text)
    assert stop.value.code == 2


def test_gan2ns_grid_has_the_timbres_in_its_corners_and_slerps_between():
    corners = np.random.default_rng(0).standard_normal((4, 8))
    points = gan2n.grid(corners, 3)
    np.testing.assert_array_equal(points[[0, 0, 2, 2], [0, 2, 0, 2]], corners)
    np.testing.assert_allclose(points[0, 1], slerp(corners[0], corners[1], 0.5))
    middle = slerp(slerp(corners[0], corners[1], 0.5), slerp(corners[2], corners[3], 0.5), 0.5)
    np.testing.assert_allclose(points[1, 1], middle)


def test_without_a_pitch_gan2n_takes_the_one_nearest_to_36(run, tmp_path):
    status, said, _ = run(gan2n, "--ckpt_dir", shipped("models") / "gansynth" / "fluid", "--resolution", 2)
    assert status == 0
    assert said.startswith("note: fluid has no pitch 36; the nearest is 40\n")
    assert names(tmp_path) == [f"gen_x{x}_y{y}_40.wav" for x in (0, 1) for y in (0, 1)]


def test_a_given_pitch_of_gan2n_must_be_the_models(run):
    status, _, error = run(gan2n, "--ckpt_dir", shipped("models") / "gansynth" / "fluid", "--pitches", "36")
    assert (status, error) == (1, "gan2n: fluid has no pitch 36; it has 40..76\n")


def test_gan2n_writes_a_sound_for_each_point_and_pitch(run, tmp_path, magenta):
    status, *_ = run(gan2n, "--ckpt_dir", SMALL, "--resolution", 2, "--pitches", "36,40", "--seed", 1)
    assert status == 0
    assert names(tmp_path) == sorted(f"gen_x{x}_y{y}_{p}.wav" for x in (0, 1) for y in (0, 1) for p in (36, 40))
    corners = np.random.default_rng(1).standard_normal((4, magenta.latent_size))
    expected = magenta.generate(corners[[1]], [40])[0]
    np.testing.assert_allclose(wave(tmp_path, "gen_x1_y0_40.wav"), expected, atol=1e-3 * np.abs(expected).max())
