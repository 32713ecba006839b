"""Training of a CIPS: from scattered pixels, resumable, exported as a model that plays."""

import shutil

import numpy as np
import pytest

import ganspace
from core.training.logger import NullLogger
from core.training.loop import TrainingLoop
from renderer import cips
from renderer.cips.training import batches, export, hparams
from renderer.cips.training import state as run_state
from renderer.cips.training.trainer import CipsTrainer
from renderer.training import image_folder, patterns
from renderer.training.batches import with_factors
from renderer.training.patterns import folder as pattern_folder
from renderer.training.patterns.canvas import FACTORS
from scripts import cips_train

SETTINGS = {
    "size": 32,
    "w_size": 32,
    "waves": 8,
    "width": 32,
    "depth": 2,
    "rank": 2,
    "batch_size": 16,
    "pixels": 16,
    "total_images": 16_000,
    "sample_images": 100_000,
}
NAMES = ["eclipse", "sign"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    where = tmp_path_factory.mktemp("patterns") / "data"
    pattern_folder.write(where, NAMES, 12, size=32, every=4)
    return where


def read(data, **changes):
    return batches.read(data, hparams.settle(SETTINGS | changes), False, lambda done, total: None)


def trained(source, folder, stop_after=0):
    seen = []
    stopping = lambda: bool(stop_after) and len(seen) >= stop_after  # noqa: E731
    logger = NullLogger()
    logger.step = lambda *given: seen.append(given)
    return TrainingLoop(CipsTrainer(folder, source), logger, stopping=stopping).run()


def test_scattered_pixels_are_those_of_the_whole_pictures(data):
    images = image_folder.read(data, 8, scattered=True)
    row = 15
    whole = patterns.draw("sign", images.factors[row], 32)
    down, across = images.scatter.first[row]
    assert np.array_equal(images.images[row], whole[down::4, across::4])


def test_a_batch_has_the_colours_at_its_places(data):
    source = read(data)
    batch = source.batch(0, 0.1)
    for number in range(4):
        family = NAMES[int(batch["labels"][number].argmax())]
        whole = patterns.draw(family, batch["z"][number], 32)
        across, down = np.round((batch["at"][number].T + 1) / 2 * 32 - 0.5).astype(int)
        assert np.array_equal(batch["colors"][number], whole[down, across])


def test_the_pictures_come_nearer_to_the_dataset(data, tmp_path):
    source = read(data)
    before = run_state.initial(source.config, 0)
    after = trained(source, tmp_path / "run")
    known, labels = source.factors[::12], np.eye(2, dtype=np.float32)
    wanted = np.stack([patterns.draw(name, factors, 32) for name, factors in zip(NAMES, known, strict=True)])
    z = with_factors(np.random.default_rng(0).standard_normal((2, 128)), known)
    errors = []
    for number, state in enumerate((before, after)):
        export.export(tmp_path / str(number), state, source, "float32")
        errors.append(
            np.abs(np.stack(list(cips.load(tmp_path / str(number)).render(z, labels, 1.0))) - wanted.astype(int)).mean()
        )
    assert errors[1] < 0.5 * errors[0]


def test_a_stopped_run_ends_as_it_would_have_without_the_stop(data, tmp_path):
    source = read(data, total_images=320)
    whole = trained(source, tmp_path / "whole")
    stopped = trained(source, tmp_path / "stopped", stop_after=7)
    resumed = trained(source, tmp_path / "stopped")
    assert stopped.images < resumed.images == whole.images == 320
    for name, value in whole.tree["average"].items():
        assert np.allclose(resumed.tree["average"][name], value, atol=1e-6), name


def test_the_command_trains_exports_and_begins_with_what_it_exported(data, tmp_path, capsys):
    settings = [
        word for name, value in (SETTINGS | {"total_images": 160}).items() for word in ("--set", f"{name}={value}")
    ]
    run, model = tmp_path / "run", tmp_path / "model"
    assert cips_train.main([str(data), str(run), *settings, "--export", str(model)]) == 0
    trained_model = cips.load(model)
    assert trained_model.class_names == ("eclipse", "sign")
    assert set(ganspace.own(trained_model).names) == set(FACTORS)
    again = ["--start_from", str(model), "--set", "total_images=160", "--set", "batch_size=16"]
    assert cips_train.main([str(data), str(tmp_path / "more"), *again]) == 0
    assert "160 of 160 images" in capsys.readouterr().out
    assert (run / "samples" / "images_000000160.png").exists()


def test_a_run_that_begins_with_a_model_has_its_weights(data, tmp_path):
    source = read(data)
    first = run_state.initial(source.config, 0)
    export.export(tmp_path / "model", first, source, "float32")
    continued = run_state.continued(tmp_path / "model", source.config, NAMES)
    for name, value in first.tree["generator"].items():
        assert np.allclose(continued.tree["generator"][name], value, atol=1e-6), name


def test_a_model_that_does_not_fit_is_refused(data, tmp_path):
    source = read(data)
    export.export(tmp_path / "model", run_state.initial(source.config, 0), source)
    with pytest.raises(ValueError, match="has the classes eclipse, sign; the images have sign, silk"):
        run_state.continued(tmp_path / "model", source.config, ["sign", "silk"])
    with pytest.raises(ValueError, match="has rank 2, and this run 3"):
        run_state.continued(tmp_path / "model", read(data, rank=3).config, NAMES)


def test_latents_have_as_many_values_as_there_are_factors(data):
    with pytest.raises(ValueError, match="z_size must be at least 16"):
        read(data, z_size=8)


def test_a_sheet_has_a_row_for_each_class(data):
    source = read(data)
    sheet = export.sheet(run_state.initial(source.config, 0).tree["average"], source)
    assert sheet.shape == (2 * 32, 7 * 32, 3)


def test_pictures_without_factors_are_refused(tmp_path):
    pattern_folder.write(tmp_path / "data", NAMES, 2, size=32)
    (tmp_path / "data" / "factors.npz").unlink()
    with pytest.raises(ValueError, match=r"has no factors\.npz"):
        read(tmp_path / "data")


def test_scattered_pictures_of_another_size_are_refused(data):
    with pytest.raises(ValueError, match="size must be 32"):
        read(data, size=64)


def test_other_trainers_do_not_take_scattered_pixels_for_pictures(data):
    with pytest.raises(ValueError, match="are not whole: each is only every 4th row"):
        image_folder.read(data, 8)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"every": np.array(0)}, "every in .* must be a whole number of at least 1, not 0"),
        ({"every": np.array(4.5)}, "every in .* must be a whole number"),
        ({"size": np.array([32])}, "size in .* must be a whole number"),
        ({"every": np.array(3)}, "every in .* must divide size, 32"),
        ({"first": np.full((24, 2), 4)}, "must have a row and a column below 4"),
        ({"first": np.zeros((24, 3), int)}, "must have a row and a column below 4"),
        ({"values": np.zeros((24, 0))}, "must have a row of finite numbers"),
        ({"names": np.array(["a"] * 16)}, "must have 16 different names"),
    ],
)
def test_a_damaged_file_of_factors_is_named(data, tmp_path, changes, message):
    copy = shutil.copytree(data, tmp_path / "data")
    with np.load(copy / "factors.npz") as file:
        arrays = dict(file) | changes
    np.savez(copy / "factors.npz", **arrays)
    with pytest.raises(ValueError, match=message):
        read(copy)


@pytest.mark.parametrize("changes", [{"batch_size": 10**9}, {"pixels": 10**9}, {"batch_size": 65_536, "pixels": 32}])
def test_a_step_that_would_fill_the_memory_is_refused(changes):
    with pytest.raises(ValueError, match=r"must be in 1\.\."):
        hparams.settle(changes)


def test_a_folder_that_is_there_is_refused_before_training(data, tmp_path, capsys):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "mine.txt").write_text("mine")
    assert cips_train.main([str(data), str(tmp_path / "run"), "--export", str(tmp_path / "model")]) == 1
    assert "exists already" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_whole_pictures_are_learned_from_too(tmp_path):
    pattern_folder.write(tmp_path / "data", NAMES, 2, size=32)
    batch = read(tmp_path / "data").batch(0, 0.1)
    assert batch["colors"].shape == (16, 16, 3)


def test_rows_that_do_not_divide_the_size_are_refused(tmp_path):
    with pytest.raises(ValueError, match="every must divide the size, 32 pixels"):
        pattern_folder.write(tmp_path / "data", NAMES, 2, size=32, every=5)
