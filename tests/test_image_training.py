"""Image training as a whole: runs that are stopped and resume, the command, and the exported model."""

import contextlib
import io
import logging
import shutil
import subprocess
import time
from dataclasses import replace

import image_runs
import numpy as np
import pytest
from image_runs import (
    BIGGAN_TRAIN,
    SETTINGS,
    Recorder,
    a_folder_of_pictures,  # noqa: F401 - a fixture
    final,
    largest_difference,
    their_source,  # noqa: F401 - a fixture
)

from core.training import saves, trees
from core.training.loop import TrainingLoop
from core.training.random_streams import Stream, generator
from renderer import biggan
from renderer.training import continuation, export, exported_settings, sample_grid, statistics
from renderer.training import generator as training_generator
from renderer.training import state as run_state
from renderer.training.batches import ImageSource
from renderer.training.generator import BatchNorm
from renderer.training.hparams import ImageHparams, describe, read
from renderer.training.trainer import ImageTrainer
from scripts import biggan_train

# That of `source`.
RECIPE = ("--recipe", "adversarial")


@pytest.fixture(scope="module")
def unbroken(source, tmp_path_factory):
    """A run from its first image to its last: its folder, its last state, its logger."""
    run, logger = tmp_path_factory.mktemp("unbroken"), Recorder()
    describe(run, source.hparams, source.dataset.classes)
    return run, TrainingLoop(ImageTrainer(run, source), logger).run(), logger


def train(data, run):
    """Run the command to its end, with steps that this process has traced already; what it printed."""
    with contextlib.redirect_stdout(io.StringIO()) as out, pytest.MonkeyPatch.context() as patch:
        # As in a process of its own, whose log nobody else has.
        patch.setattr(logging.getLogger(), "handlers", [])
        assert biggan_train.main(image_runs.words(data, run, *RECIPE)) == 0
    return out.getvalue()


@pytest.fixture(scope="module")
def commanded(data, tmp_path_factory):
    """The command's own run."""
    run = tmp_path_factory.mktemp("commanded") / "run"
    return run, train(data, run)


@pytest.fixture(scope="module")
def exported(source, unbroken, tmp_path_factory):
    where = tmp_path_factory.mktemp("models") / "biggan" / "small"
    export.export(where, unbroken[1], source, batches=2)
    return where


def normalised(state, own):
    """Images of a run's average; batch norm takes the batch's own moments."""
    z = np.random.default_rng(1).standard_normal((6, own.z_dim)).astype(np.float32)
    weights = statistics.ready(trees.to_tensors(state.tree), own)
    return np.asarray(
        training_generator.render(weights, z, np.eye(3, dtype=np.float32)[[0, 1, 2] * 2], own, BatchNorm())
    )


def test_a_run_goes_through_its_sizes_and_both_kinds_of_learning(unbroken):
    _, state, logger = unbroken
    assert (state.images, state.size) == (64, 16)
    assert logger.saves == [f"save-{images:09d}.npz" for images in (16, 24, 40, 48, 64)]
    assert ["discriminator" in losses for losses in logger.losses] == [False] * 10 + [True] * 6
    assert logger.samples == [64]
    assert all(np.isfinite(list(losses.values())).all() for losses in logger.losses)


def test_only_the_last_saves_stay(unbroken):
    assert [path.name for path in saves.found(unbroken[0])] == ["save-000000048.npz", "save-000000064.npz"]


@pytest.mark.parametrize("after", [3, 11, 14])
def test_a_run_that_was_stopped_ends_as_the_unbroken_one(source, unbroken, tmp_path, after):
    logger = Recorder(after)
    assert TrainingLoop(ImageTrainer(tmp_path, source), logger, stopping=logger.stopping).run().images == 4 * after
    assert largest_difference(TrainingLoop(ImageTrainer(tmp_path, source), Recorder()).run(), unbroken[1]) < 1e-5


def test_a_damaged_save_is_named(source, unbroken, tmp_path):
    whole = (unbroken[0] / "save-000000064.npz").read_bytes()
    (tmp_path / "save-000000064.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"save-000000064\.npz is damaged .*delete it to resume"):
        run_state.restore(tmp_path, source.hparams, 3, 0)


def test_a_save_of_another_shape_is_refused(source, unbroken):
    with pytest.raises(ValueError, match="does not fit this run"):
        run_state.restore(unbroken[0], source.hparams, 4, 0)


def test_another_run_is_not_overwritten(unbroken):
    run, _, _ = unbroken
    own, classes = read(run)
    with pytest.raises(ValueError, match="holds a run with channel_width 2, not 3; name a new folder"):
        describe(run, ImageHparams(**SETTINGS | {"channel_width": 3}), classes)
    describe(run, own, classes)


def test_the_command_says_how_far_it_is_and_leaves_a_sheet(commanded):
    run, out = commanded
    assert "training on 24 images of 3 classes" in out
    assert "16 px, adversarial: 64 of 64 images" in out
    assert "told_apart" in out
    assert [path.name for path in (run / "samples").iterdir()] == ["images_000000064.png"]


def test_a_killed_run_ends_as_the_unbroken_one(commanded, data, tmp_path):
    run = tmp_path / "run"
    words = image_runs.words(data, run, *RECIPE, "--save_every_s", 0.001)
    process = subprocess.Popen([*BIGGAN_TRAIN, *words], stdout=subprocess.DEVNULL)
    while not any(int(path.stem[5:]) > 24 for path in saves.found(run)):
        assert process.poll() is None
        time.sleep(0.02)
    process.kill()
    process.wait()
    train(data, run)
    assert largest_difference(final(run), final(commanded[0])) < 1e-3


def test_the_command_exports_and_measures(commanded, data, tmp_path, capsys):
    run, _ = commanded
    model = tmp_path / "model"
    assert biggan_train.main([str(data), str(run), "--export", str(model), "--continuable", "--report"]) == 0
    out = capsys.readouterr().out
    assert "after 64 images" in out
    assert "| rings |" in out
    assert biggan.read_config(model).num_classes == 3
    assert exported_settings.settings(model)["batch_size"] == SETTINGS["batch_size"]


def test_the_exported_folder_renders_the_averaged_generators_pictures(source, unbroken, exported):
    model = biggan.load(exported)
    assert (model.name, model.size, model.z_size) == ("small", 16, 16)
    assert model.class_names == ("rings", "rose", "silk")
    rng = np.random.default_rng(0)
    z, labels = rng.standard_normal((6, 16), np.float32), np.eye(3, dtype=np.float32)[np.arange(6) % 3]
    weights = statistics.ready(trees.to_tensors(unbroken[1].tree), source.hparams)
    render = sample_grid.SampleRenderer(weights, source.hparams, 3, 16)
    rng = np.random.default_rng([0, Stream.STATISTICS])
    render._given = statistics.Collector(weights, source.hparams, 3, 16).collect(1.0, 2, rng)
    # The difference is that of half precision.
    assert np.abs(model.generate(z, labels, 1.0) - render(z, labels)).max() < 0.02


def test_each_truncation_has_its_own_statistics(exported):
    with np.load(exported / "weights.npz", allow_pickle=False) as file:
        means = file["generator.layers.0.bn_0.running_vars"]
    assert means.shape == (51, 32)
    assert means[50].mean() > means[0].mean()


def test_the_sheet_has_a_row_for_each_class(exported):
    from PIL import Image

    # A real image, the same from its latent, six others.
    assert Image.open(exported / "sheet.png").size == (8 * 16, 3 * 16)


def test_a_run_that_is_still_growing_is_not_exported(source, unbroken, tmp_path):
    early = run_state.ImageState(unbroken[1].tree, 16, 8)
    with pytest.raises(ValueError, match="at 8 pixels; it can be exported once it is at 16"):
        export.export(tmp_path / "small", early, source)
    assert not (tmp_path / "small").exists()


def test_an_export_with_the_trainers_state_goes_on_where_the_run_was(source, unbroken, exported, tmp_path):
    folder, before = tmp_path / "model", unbroken[1]
    shutil.copytree(exported, folder)
    continuation.write(folder, before, source.hparams, source.dataset.classes)
    longer = ImageSource(source.dataset, replace(source.hparams, total_images=72))
    begun = ImageTrainer(tmp_path / "run", longer, start_from=folder).begin()
    assert (begun.images, begun.size) == (64, 16)
    for branch in ("average", "discriminator", "moving", "discriminator_vectors"):
        for name, value in before.tree[branch].items():
            np.testing.assert_allclose(begun.tree[branch][name], value, rtol=1e-3, atol=1e-5)
    recorder = Recorder()
    assert TrainingLoop(ImageTrainer(tmp_path / "run", longer, start_from=folder), recorder).run().images == 72
    assert len(recorder.losses) == 2


def test_an_export_alone_gives_a_run_its_generator(source, unbroken, exported):
    settings = exported_settings.settings(exported)
    assert settings == {"size": 16, "start_size": 16, "channel_width": 2, "z_dim": 16, "attention_size": 8}
    own = replace(source.hparams, **settings)
    begun = continuation.read(exported, own, source.dataset.classes, 0)
    wanted = normalised(unbroken[1], source.hparams)
    another = normalised(run_state.initial(own, 3, 0, generator(0, Stream.WEIGHTS)), own)
    error = np.abs(normalised(begun, own) - wanted).mean()
    assert error < 0.02
    assert error < 0.1 * np.abs(another - wanted).mean()


def test_a_run_does_not_begin_with_a_model_of_other_classes(source, exported):
    with pytest.raises(ValueError, match="has the classes rings, rose, silk; the images have rose, silk"):
        continuation.read(exported, source.hparams, ("rose", "silk"), 0)


def test_a_model_that_has_seen_the_whole_run_is_refused(source, unbroken, exported, tmp_path):
    shutil.copytree(exported, tmp_path / "model")
    continuation.write(tmp_path / "model", unbroken[1], source.hparams, source.dataset.classes)
    with pytest.raises(ValueError, match=r"total_images must be above 64, as .* has seen so many, not 64"):
        continuation.read(tmp_path / "model", source.hparams, source.dataset.classes, 0)
