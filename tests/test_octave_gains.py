"""Notes are played as loud as the data in every octave."""

import json
from dataclasses import replace

import numpy as np
import pytest
import small_run

from core.nn import numpy_ops
from gansynth import checkpoint, config, normalizer, octave_gains, spectral
from gansynth.dataset import records
from gansynth.dataset.records import Labels, Note
from gansynth.model import Model
from gansynth.report import octave_levels
from gansynth.training import progressive_growing, run_folder
from scripts import postprocess_model

PITCHES = (60, 64, 67)


def written(folder, data_type):
    """A model with random weights and three pitches."""
    folder.mkdir()
    settings = small_run.SETTINGS | {"data_type": data_type, "train_progressive": False}
    (folder / "experiment.json").write_text(json.dumps(settings))
    (folder / "meta.json").write_text(json.dumps({str(pitch): {"pitch": pitch} for pitch in PITCHES}))
    shape = config.read_settings(folder)
    state = progressive_growing.initial(shape, shape.num_resolutions, 0, np.random.default_rng(0))
    run_folder.save(folder, state, shape, 4)
    return folder


@pytest.fixture
def folder(tmp_path):
    return written(tmp_path / "model", "complex_mel")


def played(folder, gains=None, count=24):
    shape = config.read_config(folder)
    shape = shape if gains is None else replace(shape, octave_gains_db=tuple(gains))
    z = np.random.default_rng(1).standard_normal((count, shape.latent_size)).astype(np.float32)
    return Model(shape, checkpoint.load(shape)).generate(z, [PITCHES[i % 3] for i in range(count)])


def power(waves):
    return np.mean([octave_levels.octave_power(wave, small_run.RATE) for wave in waves], axis=0)


@pytest.mark.parametrize("data_type", ["complex_mel", "mel", "linear"])
def test_an_octave_is_played_louder_by_its_gain(tmp_path, data_type):
    folder = written(tmp_path / "model", data_type)
    before, after = power(played(folder)), power(played(folder, [0, 0, 0, 0, 0, 12, 12]))
    louder_db = 10 * np.log10(after / before)
    assert louder_db[-1] == pytest.approx(12, abs=1)
    assert louder_db[3] == pytest.approx(0, abs=1)


@pytest.mark.parametrize("data_type", ["complex_mel", "mel", "linear"])
def test_silence_stays_silent(tmp_path, data_type):
    shape = replace(config.read_config(written(tmp_path / "model", data_type)), octave_gains_db=(24.0,) * 7)
    silence = spectral.waves_to_specgrams(numpy_ops, np.zeros((1, shape.audio_length), np.float32), shape)
    as_it_is = normalizer.for_playing(replace(shape, data_normalizer="none"))
    assert as_it_is(silence) == pytest.approx(silence, abs=0.01)


def test_the_command_makes_a_model_as_loud_as_a_dataset(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(octave_gains, "NOTES", 60)
    names = [(f"flute_{i}", PITCHES[i % 3]) for i in range(24)]
    notes = [
        Note(f"{name}_{pitch}", Labels(name, pitch, family=2), 2 * wave)
        for (name, pitch), wave in zip(names, played(folder), strict=True)
    ]
    records.write(tmp_path / "data", notes)
    words = ["--ckpt_dir", str(folder), "--levels_of", str(tmp_path / "data"), "--execute"]
    assert postprocess_model.main(words) == 0
    found_db = 10 * np.log10(power(played(folder)) / power([note.audio for note in notes]))
    assert np.abs(found_db[3:]).max() < 3
    assert "louder in each octave" in capsys.readouterr().out


@pytest.mark.parametrize(("word", "found"), [("--consistent_phases", True), ("--no-consistent_phases", False)])
def test_the_command_sets_how_phases_are_played(folder, word, found):
    assert postprocess_model.main(["--ckpt_dir", str(folder), word, "--execute"]) == 0
    assert config.read_config(folder).consistent_phases is found


@pytest.mark.parametrize("gains", [[1, 2], [0, 0, 0, 0, 0, 0, "loud"], [0, 0, 0, 0, 0, 0, 90], 3])
def test_gains_that_break_a_rule_are_one_sentence(folder, gains):
    settings = json.loads((folder / "experiment.json").read_text())
    (folder / "experiment.json").write_text(json.dumps(settings | {"octave_gains_db": gains}))
    with pytest.raises(ValueError, match="octave_gains_db must be"):
        config.read_config(folder)


@pytest.mark.parametrize("words", [["--phase_locking", "99"], ["--levels_of", "nowhere"]])
def test_what_cannot_be_set_is_refused_before_anything_changes(folder, words, capsys):
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert postprocess_model.main(["--ckpt_dir", str(folder), *words, "--execute"]) == 1
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    assert capsys.readouterr().err.count("\n") == 1
