"""What random latents of a model are drawn from."""

import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import small_run
from conftest import SMALL
from fake_instrument import FakeModel

import gansynth
from core.formats import safetensors_file
from core.training.learned_latents import LATENTS
from ganspace import sampling
from ganspace.sampler import SAMPLES
from gansynth import latent_prior
from gansynth.conditions import CONDITIONS
from gansynth.config import read_config
from gansynth.dataset.records import FAMILIES, Labels
from gansynth.latent_prior import FILE
from gansynth.training import learned_prior, run_folder
from server.session import Session

FAMILY = CONDITIONS["family"].values
ORCHESTRA = SMALL.parents[2] / "models" / "gansynth" / "orchestra"


def rng():
    return np.random.default_rng(7)


def test_a_model_without_a_prior_has_latents_of_the_normal_distribution():
    drawn = gansynth.load(SMALL).prior.draw(rng(), 3)
    np.testing.assert_array_equal(drawn, rng().standard_normal(drawn.shape, np.float32))


@pytest.fixture
def model(tmp_path):
    """The config of a model with families, in a folder of its own."""
    shutil.copytree(ORCHESTRA, tmp_path / "voice", ignore=shutil.ignore_patterns(FILE, "*.npz", "*.png"))
    return read_config(tmp_path / "voice")


def write(config, *instruments):
    """A prior of instruments: with their family latents are their number, without it a hundred more."""
    labels = [
        Labels(name, 60, family=FAMILIES.index(family)) for name, family, notes in instruments for _ in range(notes)
    ]
    size = (2 * len(instruments), config.latent_size)
    numbers = np.arange(len(instruments))
    means = np.concatenate([numbers, numbers + 100])[:, None] * np.ones(size)
    learned = dict(zip(LATENTS, (means, np.full(size, -9.0)), strict=True))
    return learned_prior.write(config, learned, labels)


def numbers(config, count=2000, **wanted):
    """The instruments whose latents are drawn, and how often."""
    drawn = latent_prior.read(config).draw(rng(), count, wanted).mean(axis=1).round().astype(int)
    return dict(zip(*(found.tolist() for found in np.unique(drawn, return_counts=True)), strict=True))


def test_a_condition_gives_the_latents_of_its_instruments(model):
    write(model, ("a", "brass", 1), ("b", "flute", 1), ("c", "flute", 3))
    assert numbers(model, 9, family="brass") == {0: 9}
    found = numbers(model, family="flute")
    assert list(found) == [1, 2]
    assert found[2] / 2000 == pytest.approx(0.75, abs=0.05)


def test_without_a_condition_all_instruments_are_drawn(model):
    write(model, ("a", "brass", 1), ("b", "flute", 1))
    assert list(numbers(model)) == [100, 101]


def test_what_no_instrument_has_is_drawn_from_all(model):
    write(model, ("a", "brass", 1), ("b", "flute", 1))
    assert list(numbers(model, family="vocal")) == [0, 1]


def test_the_same_seed_gives_the_same_latents(model):
    write(model, ("a", "brass", 1), ("b", "flute", 1))
    prior = latent_prior.read(model)
    np.testing.assert_array_equal(prior.draw(rng(), 5), prior.draw(rng(), 5))


def test_a_condition_that_the_model_does_not_have_is_named(model):
    write(model, ("a", "brass", 1))
    with pytest.raises(ValueError, match="has no condition 'qualities'"):
        latent_prior.read(model).draw(rng(), 1, {"qualities": "bright"})


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("means", np.zeros((2, 1, 3), np.float16), "means must have shape"),
        ("deviations", np.full((2, 1, 128), np.nan, np.float16), "deviations is not finite"),
        ("labels", np.zeros((1, 2), np.uint8), "labels must have shape"),
        ("notes", np.zeros(1, np.int32), "notes must be whole numbers above 0, not"),
        ("notes", None, "'notes'"),
    ],
)
def test_a_damaged_file_is_named(model, name, value, message):
    path = write(model, ("a", "brass", 1))
    arrays = safetensors_file.read(path) | {name: value}
    safetensors_file.write(path, {key: array for key, array in arrays.items() if array is not None})
    with pytest.raises(ValueError, match=message) as error:
        latent_prior.read(model)
    assert FILE in str(error.value)


def test_a_run_is_exported_with_what_its_instruments_have_learned(tmp_path):
    data, run = small_run.write_tones(tmp_path / "data"), tmp_path / "run"
    trained = small_run.train(data, run, warm_start_images=16, total_num_images=16, conditions=["family"])
    assert trained.returncode == 0, trained.stderr
    state = run_folder.restore(run, read_config(run))
    command = [sys.executable, "-m", "scripts.postprocess_model", "--ckpt_dir", run, "--learned_latents", "--execute"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"write  {FILE}" in done.stdout
    prior = gansynth.load(run).prior
    means, deviations = (state.extra[name] for name in LATENTS)
    drawn = prior.draw(rng(), 20_000, {"family": "reed"})
    np.testing.assert_allclose(drawn.mean(axis=0), means[1], atol=0.02)
    np.testing.assert_allclose(drawn.std(axis=0), np.exp(deviations[1]), atol=0.02)


def test_a_run_that_has_learned_no_latents_is_not_given_any(model):
    with pytest.raises(ValueError, match="has no learned latents of the 1 instruments"):
        learned_prior.write(model, {}, [Labels("a", 60, family=0)])


class Prior:
    """Latents that say which one they are, and what they are for."""

    def draw(self, random, count, wanted):
        return np.full((count, 4), len(wanted["family"]), np.float32) + random.integers(0, 2, (count, 1))


def test_a_session_draws_random_latents_from_its_models_prior_under_its_conditions(tmp_path):
    model = FakeModel(tmp_path)
    model.prior = Prior()
    session = replace(Session.seeded(5).with_model(model, tmp_path), conditions={"family": ("brass", "reed")})
    after, drawn = session.draw_latents(6)
    assert set(drawn.mean(axis=1)) == {2.0, 3.0}
    np.testing.assert_array_equal(session.draw_latents(6)[1], drawn)
    assert after.random != session.random


def test_directions_are_those_of_the_latents_that_are_drawn(model):
    write(model, ("a", "brass", 1), ("b", "flute", 1))
    voice = gansynth.load(model.folder)
    drawn = sampling.make(voice, "conv0", 60, 0).latents(SAMPLES, 0, 64)
    assert set(drawn.mean(axis=1).round()) == {100.0, 101.0}
