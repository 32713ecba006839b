"""gansynth_ganspace and ganspacesynth_describe on an image model."""

import csv
import re

import numpy as np
import pytest
from PIL import Image

import ganspace
from ganspace import image_grids, image_metrics
from renderer import biggan
from scripts import ganspacesynth_describe, ganspacesynth_spectrograms, gansynth_ganspace
from tests import small_biggan
from tests.conftest import SMALL


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return small_biggan.write(tmp_path_factory.mktemp("biggan") / "small")


@pytest.fixture(scope="module")
def file(folder):
    """Directions beside their model."""
    path = folder / "small.npz"
    assert gansynth_ganspace.main([*words(folder), "--components", "4", "--pca_out_file", str(path)]) == 0
    return path


def words(folder, *more):
    return ["--ckpt_dir", str(folder), "--random_z_count", "64", "--seed", "1", *map(str, more)]


def test_layers_are_listed(folder, capsys):
    gansynth_ganspace.main(["--ckpt_dir", str(folder), "--list_layers"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["z: 1 x 1 x 8 = 8 values", "gen_z: 4 x 4 x 64 = 1024 values"]
    assert len(lines) == 2 + len(small_biggan.LAYERS)


def test_directions_of_frames_are_found(file):
    found = ganspace.load(file)
    assert (found.layer, found.origin.found_in, found.estimator, found.count) == ("z", "layers.0", "linear", 4)
    assert (found.origin.checkpoint, found.origin.seed, found.origin.count) == ("small", 1, 64)


def test_one_class_can_be_named_and_the_layer_itself_be_moved(folder, tmp_path):
    flags = ("--class", "rust", "--truncation", 0.5, "--layer", "gen_z", "--move", "layer")
    gansynth_ganspace.main(words(folder, *flags, "--pca_out_file", tmp_path / "rust.npz"))
    found = ganspace.load(tmp_path / "rust.npz")
    assert (found.layer, found.origin.class_number, found.origin.truncation) == ("gen_z", 1, 0.5)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--pitch", 60), "--pitch is for GANSynth checkpoints, and .* is an image model"),
        (("--scheduler", "tcp://x"), "--scheduler is for GANSynth checkpoints"),
        (("--class", "mos s"), "the model has no class 'mos s'"),
        (("--truncation", 2), "truncation must be above 0 and at most 1, not 2"),
        (("--layer", "conv0"), "'conv0' is not a layer of small; its layers are z, gen_z, layers.0"),
    ],
)
def test_what_frames_do_not_have_is_refused(folder, tmp_path, capsys, flags, message):
    assert gansynth_ganspace.main(words(folder, *flags, "--pca_out_file", tmp_path / "a.npz")) == 1
    assert re.search(message, capsys.readouterr().err.splitlines()[-1])


@pytest.mark.parametrize("flags", [("--class", 3), ("--truncation", 0.5), ("--move", "z")])
def test_what_sounds_do_not_have_is_refused(tmp_path, capsys, flags):
    assert gansynth_ganspace.main(words(SMALL, *flags, "--pca_out_file", tmp_path / "a.npz")) == 1
    assert f"{flags[0]} is for image models, and {SMALL} is a GANSynth checkpoint" in capsys.readouterr().err


def test_a_folder_of_neither_kind_is_named(tmp_path, capsys):
    gansynth_ganspace.main(words(tmp_path, "--pca_out_file", tmp_path / "a.npz"))
    assert "contains no model" in capsys.readouterr().err


def test_a_sheet_shows_all_directions(file, tmp_path, capsys):
    flags = ["--pca_file", str(file), "--output_dir", str(tmp_path), "--classes", "moss", "snow"]
    assert ganspacesynth_describe.main(flags) == 0
    assert [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()] == ["1", "2", "3", "4"]
    with (tmp_path / "directions.csv").open(encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    assert [row["sigma"] for row in rows[:7]] == ["-3", "-2", "-1", "0", "1", "2", "3"]
    assert [float(row["hue_deg"]) for row in rows if row["sigma"] == "0"] == [0.0] * 4
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert min(sheet.size) > 100
    assert (tmp_path / "variance.png").exists()


def test_clear_directions_get_names_and_given_ones_stay(file, tmp_path, monkeypatch):
    monkeypatch.setattr(image_metrics, "name", lambda rows: "larger")
    path = tmp_path / "small.npz"
    ganspace.save(path, ganspace.load(file).named(1, "mine"))
    flags = ["--pca_file", str(path), "--ckpt_dir", str(file.parent), "--output_dir", str(tmp_path / "sheets")]
    ganspacesynth_describe.main([*flags, "--directions", "3", "--auto_names"])
    assert ganspace.load(path).names == ("larger", "mine", "larger")


def test_a_row_of_the_sheet_is_the_frames_from_one_end_to_the_other(file):
    model, found = biggan.load(file.parent), ganspace.load(file)
    at = image_metrics.points(model, [0, 2], 1.0, seed=3)
    along = image_metrics.images_along(model, found, 1, at, 1.0)
    assert along.shape == (2, 7, 16, 16, 3)
    np.testing.assert_allclose(along[:, 3], model.generate(*at, 1.0), atol=1e-6)
    moved = model.generate(at[0] + 3 * found.latents.stdev[1] * found.latents.directions[1], at[1], 1.0)
    np.testing.assert_allclose(along[:, 6], moved, atol=1e-4)
    sheet = image_grids.grid_image(np.stack([along, along]))
    assert sheet.shape == (2 * 17, 2 * 7 * 17 + image_grids.GAP, 3)
    np.testing.assert_allclose(sheet[1:17, 18:34], (along[0, 1] + 1) / 2, atol=1e-6)


def test_a_plane_of_sounds_is_not_made_of_frames(file, tmp_path, capsys):
    flags = ["--pca_file", str(file), "--output_dir", str(tmp_path)]
    assert ganspacesynth_spectrograms.main(flags) == 1
    assert "small is an image model; this command is for sounds" in capsys.readouterr().err


def test_a_name_by_hand_needs_no_model(file, tmp_path):
    path = tmp_path / "alone.npz"
    ganspace.save(path, ganspace.load(file))
    assert ganspacesynth_describe.main(["--pca_file", str(path), "--name", "2", "warm"]) == 0
    assert ganspace.load(path).name(1) == "warm"
