"""Patterns: the same for the same factors, different for others, and written as class folders."""

import numpy as np
import pytest
from PIL import Image

from renderer.training import patterns
from renderer.training.patterns import folder
from renderer.training.patterns.canvas import FACTORS, canvas, noise, palette
from scripts import picture_dataset


def factors(**given):
    return np.array([given.get(name, 0.0) for name in FACTORS], np.float32)


@pytest.mark.parametrize("family", patterns.FAMILIES)
def test_a_family_has_contrast_and_colour(family):
    picture = patterns.draw(family, factors(), 32).astype(float)
    assert picture.shape == (32, 32, 3)
    assert picture.mean(axis=2).std() > 8
    assert np.abs(picture - picture.mean(axis=2, keepdims=True)).mean() > 4


@pytest.mark.parametrize("family", patterns.FAMILIES)
def test_a_small_step_in_the_factors_is_a_small_step_in_the_picture(family):
    here = patterns.draw(family, factors(), 32).astype(float)
    near, far = (patterns.draw(family, np.full(len(FACTORS), step), 32) for step in (0.02, 1.0))
    assert np.abs(near - here).mean() < 0.4 * np.abs(far - here).mean()


def test_patterns_change_with_each_factor():
    for name in FACTORS:
        changed = [
            (patterns.draw(family, factors(**{name: 1.5}), 32) != patterns.draw(family, factors(), 32)).any()
            for family in ("crystals", "plasma", "nebula", "planet")
        ]
        assert any(changed), name


def test_the_factor_across_moves_to_the_right():
    def middle(value):
        row = patterns.draw("planet", factors(across=value), 64).astype(float).sum(axis=(0, 2))
        return (row * np.arange(64)).sum() / row.sum()

    assert middle(-1.5) < middle(0.0) < middle(1.5)


def test_noise_has_unit_variance_and_moves_on_smoothly():
    x, y = np.meshgrid(np.linspace(-20, 20, 200), np.linspace(-20, 20, 200))
    still, soon, late = (noise(x, y, time, 3, 2) for time in (0.0, 0.05, 3.0))
    assert still.std() == pytest.approx(1, abs=0.1)
    assert np.abs(soon - still).mean() < 0.1 < np.abs(late - still).mean()


def test_a_palette_passes_through_its_stops():
    colours = palette(np.array([[-1.0, 0.0, 0.5, 1.0, 2.0]]), "ff0000", "00ff00", "0000ff")[0]
    assert colours.tolist() == [[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]]


def test_x_grows_to_the_right_and_y_downwards():
    plane = canvas(8, factors())
    assert (np.diff(plane.x, axis=1) > 0).all()
    assert (np.diff(plane.y, axis=0) > 0).all()


def test_a_folder_has_the_pictures_that_their_factors_draw(tmp_path):
    folder.write(tmp_path / "data", ["rings", "plasma"], 3, size=16, seed=5)
    with np.load(tmp_path / "data" / folder.FILE, allow_pickle=False) as known:
        assert list(known["names"]) == list(FACTORS)
        for file, row in zip(known["files"], known["values"], strict=True):
            drawn = patterns.draw(file.split("/")[0], row, 16)
            assert (np.asarray(Image.open(tmp_path / "data" / file)) == drawn).all()
        assert len(known["files"]) == len(list((tmp_path / "data").glob("*/*.png"))) == 6


def test_the_factors_of_a_picture_do_not_depend_on_how_many_there_are():
    assert (folder.factors("rings", 7, 0) == folder.factors("rings", 7, 0)).all()
    assert (folder.factors("rings", 7, 0) != folder.factors("rings", 7, 1)).all()
    assert (folder.factors("rings", 7, 0) != folder.factors("plasma", 7, 0)).all()


def test_factors_are_standard_normal():
    values = np.array([folder.factors("rings", number, 0) for number in range(2000)])
    assert np.abs(values.mean(axis=0)).max() < 0.1
    assert np.abs(values.std(axis=0) - 1).max() < 0.1


def test_the_command_writes_class_folders(tmp_path, capsys):
    words = [str(tmp_path / "data"), "--pictures", "2", "--size", "16", "--families", "silk,rose", "--jobs", "1"]
    assert picture_dataset.main(words) == 0
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == ["factors.npz", "rose", "silk"]
    assert "2 classes of 2 images" in capsys.readouterr().out


def test_a_folder_that_is_there_is_refused(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine")
    assert picture_dataset.main([str(tmp_path), "--pictures", "1"]) == 1
    assert "exists already" in capsys.readouterr().err


def test_an_unknown_family_is_refused():
    with pytest.raises(ValueError, match="no family 'roses'"):
        patterns.draw("roses", factors())
    with pytest.raises(SystemExit):
        picture_dataset.main(["somewhere", "--families", "roses"])


def test_the_list_names_every_family(capsys):
    assert picture_dataset.main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(patterns.FAMILIES)
    assert all(len(line.split()) > 3 for line in lines)


@pytest.mark.parametrize(("kind", "size", "least"), [("--drawings", "8", 16), ("--jobs=1", "1000000", 1)])
def test_a_size_that_cannot_be_drawn_is_refused(tmp_path, capsys, kind, size, least):
    assert picture_dataset.main([str(tmp_path / "data"), kind, "--size", size]) == 1
    assert f"--size must be in {least}..4096 pixels, not {size}" in capsys.readouterr().err


def test_a_family_that_is_named_twice_has_twice_as_many_pictures(tmp_path, capsys):
    words = [str(tmp_path / "data"), "--pictures", "2", "--size", "16", "--families", "silk,rose,silk", "--jobs", "1"]
    assert picture_dataset.main(words) == 0
    assert "2 classes of 2 to 4 images" in capsys.readouterr().out
    assert len(list((tmp_path / "data" / "silk").iterdir())) == 4
    assert len(list((tmp_path / "data" / "rose").iterdir())) == 2


def test_every_other_row_and_column_of_pictures_is_drawn(tmp_path):
    words = [str(tmp_path / "data"), "--pictures", "3", "--size", "16", "--families", "silk", "--jobs", "1"]
    assert picture_dataset.main([*words, "--every", "2"]) == 0
    factors = np.load(tmp_path / "data" / "factors.npz")
    whole = folder.draw("silk", 1, 16, 0)
    down, across = factors["first"][1]
    drawn = np.asarray(Image.open(tmp_path / "data" / "silk" / "00001.png"))
    assert np.array_equal(drawn, whole[down::2, across::2])


def test_drawings_are_whole(tmp_path, capsys):
    assert picture_dataset.main([str(tmp_path / "data"), "--drawings", "--every", "2"]) == 1
    assert "--every is for patterns" in capsys.readouterr().err
