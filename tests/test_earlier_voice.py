"""A run that begins with a voice, whose notes may become longer."""

import json

import numpy as np
import pytest
import small_run

import gansynth
from core.nn import numpy_ops
from core.training.learned_latents import LATENTS
from gansynth import checkpoint, config, network
from gansynth.dataset import records
from gansynth.model import Model
from gansynth.training import earlier_voice, hparams, progressive_growing, run_folder
from scripts import postprocess_model

FAMILY = {"conditions": ["family"], "train_progressive": False}
# Eight frames more: the first map has 6 rows in place of 4.
LONGER = small_run.LENGTH + 8 * 64
INSTRUMENTS = ["flute", "reed"]


def described(folder, data, **changes):
    """A folder with the settings of a run."""
    folder.mkdir(exist_ok=True)
    (folder / "experiment.json").write_text(json.dumps(small_run.SETTINGS | FAMILY | changes))
    (folder / "meta.json").write_text((data / "meta.json").read_text())
    return config.read_settings(folder)


def first_state(shape, groups, seed):
    return progressive_growing.initial(shape, shape.num_resolutions, groups, np.random.default_rng(seed))


@pytest.fixture
def voice(tmp_path):
    """A run of two instruments with all resolutions; its folder."""
    data = small_run.write_tones(tmp_path / "data")
    shape = described(tmp_path / "voice", data)
    run_folder.save(shape.folder, first_state(shape, 4, 0), shape, 4)
    return shape.folder


@pytest.fixture
def longer(voice, tmp_path):
    """The settings of a run with longer notes."""
    return described(tmp_path / "longer", tmp_path / "data", start_height=6, audio_length=LONGER)


def first_maps(weights, shape):
    """What the first layer makes of some latents: [n, time, frequency, channels]."""
    x = np.random.default_rng(3).standard_normal((5, shape.latent_size + shape.label_size)).astype(np.float32)
    return network.activations(numpy_ops, network.prepare(numpy_ops, weights, shape), x, shape, "conv0")


def test_longer_notes_begin_and_end_as_before(voice, longer):
    before = run_folder.restore(voice, config.read_config(voice)).average
    after = earlier_voice.begin(voice, longer, INSTRUMENTS, first_state(longer, 4, 1)).average
    old, new = first_maps(before, config.read_config(voice)), first_maps(after, longer)
    assert (old.shape[1], new.shape[1]) == (4, 6)
    np.testing.assert_allclose(new[:, [0, -1]], old[:, [0, -1]], atol=1e-4)


def test_instruments_keep_their_latents_by_name(voice, longer):
    before = run_folder.restore(voice, config.read_config(voice)).extra
    first = first_state(longer, 6, 1)
    found = earlier_voice.begin(voice, longer, ["flute", "oboe", "reed"], first).extra
    for name in LATENTS:
        np.testing.assert_array_equal(found[name][[0, 2, 3, 5]], before[name])
        np.testing.assert_array_equal(found[name][[1, 4]], first.extra[name][[1, 4]])
        assert not found[f"{name}/m"].any()


def test_a_voice_for_playing_gives_its_generator(voice, longer):
    assert postprocess_model.main(["--ckpt_dir", str(voice), "--half", "--execute"]) == 0
    first = first_state(longer, 4, 1)
    found = earlier_voice.begin(voice, longer, INSTRUMENTS, first)
    played = checkpoint.load(config.read_config(voice)).weights
    np.testing.assert_array_equal(found.average["conv1_3/kernel"], played["conv1_3/kernel"])
    np.testing.assert_array_equal(found.discriminator["logits/kernel"], first.discriminator["logits/kernel"])
    np.testing.assert_array_equal(found.extra[LATENTS[0]], first.extra[LATENTS[0]])


def test_a_voice_with_another_network_is_refused(voice, tmp_path):
    other = described(tmp_path / "other", tmp_path / "data", fmap_max=2)
    with pytest.raises(ValueError, match="has fmap_max 4; the run has 2, and must have the voice's"):
        earlier_voice.begin(voice, other, INSTRUMENTS, first_state(other, 4, 1))


def test_other_pitches_begin_as_the_nearest_that_the_voice_has(voice, tmp_path):
    other = described(tmp_path / "other", tmp_path / "data")
    (other.folder / "meta.json").write_text(json.dumps({str(pitch): {"pitch": pitch} for pitch in (60, 61, 62, 66)}))
    other = config.read_settings(other.folder)
    found = earlier_voice.begin(voice, other, INSTRUMENTS, first_state(other, 4, 1))
    new = Model(other, checkpoint.Checkpoint(found.average, 3, 2.0, voice))
    z, old = np.random.default_rng(4).standard_normal((1, 8)), gansynth.load(voice)
    for pitch, nearest in ((60, 60), (61, 60), (66, 67)):
        before, after = (
            model.generate(z, [one], conditions={"family": "reed"}) for model, one in ((old, nearest), (new, pitch))
        )
        np.testing.assert_allclose(after, before, atol=1e-2)
    assert found.discriminator["classification_logits/kernel"].shape[1] == 4


def test_the_first_map_is_as_long_as_the_notes_need(voice):
    given = hparams.from_voice(voice, {"audio_length": LONGER})
    assert (given["start_height"], given["train_progressive"]) == (6, False)
    assert not {"train_data_path", "train_root_dir", "label_counts"} & given.keys()


def test_growing_is_refused(voice):
    with pytest.raises(ValueError, match="train_progressive must be false with --start_from"):
        hparams.from_voice(voice, {"train_progressive": True})


def test_the_command_makes_the_notes_of_a_voice_longer(voice, tmp_path):
    notes = [
        records.Note(note.name, note.labels, np.pad(note.audio, (0, LONGER - small_run.LENGTH)))
        for note in records.read(tmp_path / "data")
    ]
    records.write(tmp_path / "more", notes)
    settings = {"train_data_path": str(tmp_path / "more"), "train_root_dir": str(tmp_path / "run")}
    settings |= {"audio_length": LONGER, "total_num_images": 16, "warm_start_images": 16}
    done = small_run.train_from(voice, settings)
    assert done.returncode == 0, done.stderr
    assert gansynth.load(tmp_path / "run").generate(np.zeros((1, 8)), [60]).shape == (1, LONGER)


def test_a_config_and_a_voice_are_one_too_many(voice):
    done = small_run.train_from(voice, {}, "--config", "small")
    assert "give either --config or --start_from" in done.stderr
