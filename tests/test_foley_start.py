"""Runs that begin with a trained network: one that the original released, or one of ours."""

import shutil

import numpy as np
import pytest
import specvqgan_files as files

import specvqgan
from core.training import saves
from scripts import specvqgan_train
from specvqgan import run_folder
from specvqgan.dataset import folder
from specvqgan.dataset.folder import HELD_OUT, TRAIN, ClipFormat, Entry
from specvqgan.training import start

FRAMES, MOMENTS, DEPTH = 848, 5, 2048
CLASSES = tuple(["baby", "cough", "dog", "drum", "fireworks", "gun", "hammer", "sneeze"])
SHORT = "training.batch_size=1 training.total_clips=1 training.warm_up=0 training.sample_clips=1000"
MELGAN = files.FOLDER / "melgan"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Clips of ten seconds with features of 2048 numbers."""
    place, rng = tmp_path_factory.mktemp("clips") / "data", np.random.default_rng(0)
    form = ClipFormat(22050, FRAMES, 256, 80, MOMENTS, DEPTH, "resnet50", CLASSES)
    mel, wave = files.mel()[:, 6 : 6 + FRAMES], np.resize(files.clip("clip_a"), FRAMES * 256)
    with folder.writing(place, form) as writer:
        for part, count in ((TRAIN, 2), (HELD_OUT, 1)):
            found = (Entry(rng.random((MOMENTS, DEPTH)), mel, wave, number, True) for number in range(count))
            writer.write(part, found, count)
    return place


def train(data, run, *words):
    return specvqgan_train.main([str(word) for word in (data, run, *SHORT.split(), *words)])


def before_a_step(data, tmp_path, place, *words):
    """A released network, exported by a run before its first step."""
    found = tmp_path / "export"
    assert (
        train(data, tmp_path / "run", "--start_from", place, "--now", "--export", found, "--dtype", "float32", *words)
        == 0
    )
    return found


def test_a_released_codebook_begins_as_it_is(data, tmp_path):
    found = before_a_step(data, tmp_path, files.run("codebook"), "training.perceptual_weight=0")
    released, ours = specvqgan.load_codebook(files.run("codebook")), specvqgan.load_codebook(found)
    mel = files.mel()[None, :, 6 : 6 + FRAMES]
    codes = released.encode(mel)
    np.testing.assert_array_equal(ours.encode(mel), codes)
    np.testing.assert_array_equal(ours.decode(codes), released.decode(codes))


@pytest.mark.parametrize("name", ["5feats", "class", "nofeats"])
def test_a_released_transformer_begins_as_it_is(data, tmp_path, name):
    found = before_a_step(data, tmp_path, files.run(name))
    known = files.arrays(f"reference/transformer_{name}")
    feature = known["feature"].transpose(0, 2, 1) if "feature" in known else None
    model = specvqgan.load_transformer(found)
    grid = known["tokens"].reshape(1, 53, 5).transpose(0, 2, 1)
    logits = model.evaluate(grid, feature, None if feature is not None else known["class"][:, 0]).logits
    np.testing.assert_allclose(logits[0, :-1], known["logits"], rtol=0, atol=1e-4)


def test_a_released_vocoder_begins_as_it_is(data, tmp_path):
    found = before_a_step(data, tmp_path, MELGAN)
    known = files.arrays("melgan/reference")
    np.testing.assert_allclose(
        specvqgan.load_vocoder(found).generate(known["mel"][None])[0], known["wave"], rtol=0, atol=3e-5
    )


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (files.run("codebook"), "training.perceptual_weight=0 training.frames=64 training.adversarial_start=0"),
        (files.run("class"), "training.rate=0.0001"),
        (MELGAN, "training.frames=8 training.discriminators=1"),
    ],
    ids=["codebook", "transformer", "vocoder"],
)
def test_a_step_moves_a_released_network_a_little(data, tmp_path, place, words):
    assert train(data, tmp_path, "--start_from", place, *words.split()) == 0
    first, after = start.read(place).tree["model"], np.load(saves.latest(tmp_path))
    moved = [np.abs(after[f"model|{name}"] - value).max() for name, value in first.items()]
    assert 0 < max(moved) < 1e-3


def test_a_released_codebook_brings_its_discriminator(data):
    found = start.read(files.run("codebook"))
    assert (found.training["discriminator_width"], found.shapes) == (4, ("discriminator_width", "discriminator_layers"))
    weight = found.tree["discriminator"]["main.0.weight"]
    released = run_folder.read(files.run("codebook")).weights["loss.discriminator.main.0.weight"]
    np.testing.assert_array_equal(weight, released.transpose(2, 3, 1, 0))


def test_a_network_of_ours_is_trained_further(data, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    small = ["model.params.width=2", "model.params.residuals=1", "training.frames=8", "training.adversarial_weight=0"]
    assert train(data, one, "--base", "vocoder", *small, "--export", tmp_path / "export", "--dtype", "float32") == 0
    assert train(data, two, "--start_from", tmp_path / "export", *small[2:], "--now") == 0
    first, more = np.load(saves.latest(one)), start.read(tmp_path / "export").tree["model"]
    for name, value in more.items():
        np.testing.assert_array_equal(value, first[f"model|{name}"])


def test_the_codebook_of_a_released_transformer_is_trained_too(data):
    found = start.read(files.run("class"), "codebook")
    assert found.network["codes"] == 64


@pytest.mark.parametrize(
    ("place", "words", "message"),
    [
        ("class", "model.params.layers=4", "layers must be 3, as in"),
        ("class", "model.params.layer=4", "there is no setting model.params.layer"),
        ("class", "--base vocoder", "it is a transformer, not a vocoder"),
        ("codebook", "training.discriminator_width=16", "discriminator_width must be 4, as in"),
        ("codebook", "training.frames=64", "perceptual_weights is missing"),
        ("class", "training.class_dropout=0.5", "class_dropout must be 0"),
        ("class", "data.params.batch_size=2", "--start_from"),
    ],
)
def test_what_would_be_another_network_is_refused_in_one_sentence(data, tmp_path, capsys, place, words, message):
    assert train(data, tmp_path / "run", "--start_from", files.run(place), *words.split()) == 1
    error = capsys.readouterr().err
    assert message in error.splitlines()[-1] and "Traceback" not in error
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"frames": 432}, "columns of the network must be the clips' 27 (specvqgan_dataset --frames 848"),
        ({"classes": ("a", "b")}, "classes of the network must be one of 2, 3, not 8"),
    ],
)
def test_clips_that_do_not_fit_a_released_transformer_are_refused(tmp_path, capsys, change, message):
    form = ClipFormat(**{"sample_rate": 22050, "frames": FRAMES, "hop": 256, "mels": 80, "moments": 1, "depth": 1,
                         "features": "frames", "classes": CLASSES, **change})  # fmt: skip
    with folder.writing(tmp_path / "data", form) as writer:
        for part in (TRAIN, HELD_OUT):
            entry = Entry(np.zeros((1, 1)), np.zeros((80, form.frames)), np.zeros(form.samples), 0, True)
            writer.write(part, [entry], 1)
    assert train(tmp_path / "data", tmp_path / "run", "--start_from", files.run("class")) == 1
    assert message in capsys.readouterr().err


def test_a_damaged_checkpoint_is_named(data, tmp_path, capsys):
    place = tmp_path / "logs"
    shutil.copytree(files.run("class"), place)
    file = next((place / "checkpoints").iterdir())
    file.write_bytes(file.read_bytes()[:50_000])
    assert train(data, tmp_path / "run", "--start_from", place) == 1
    assert file.name in capsys.readouterr().err


def test_a_folder_without_a_network_is_named(data, tmp_path, capsys):
    assert train(data, tmp_path / "run", "--start_from", tmp_path) == 1
    assert "is not a trained network" in capsys.readouterr().err


def test_a_run_needs_a_config_or_a_network(data, tmp_path, capsys):
    assert train(data, tmp_path / "run") == 1
    assert "--base is missing" in capsys.readouterr().err
