"""gansynth_voice_report: its figures for known notes, and the command on a small conditional model."""

import json

import numpy as np
import pytest

from gansynth import read_config
from gansynth.dataset import records
from gansynth.dataset.records import FAMILIES, Labels, Note
from gansynth.report import note_plan, report_text
from gansynth.report.evaluation import evaluate, measure_note
from scripts.voice_report import main

RATE, LENGTH = 16000, 16000
BRASS, ORGAN = FAMILIES.index("brass"), FAMILIES.index("organ")
OVERTONES = {"brass": 12, "organ": 1}


def tone(pitch, overtones, random, length=LENGTH, rate=RATE):
    """A tone that varies a little in loudness, brightness and attack."""
    times = np.arange(length) / rate
    hertz = 440 * 2 ** ((pitch - 69) / 12)
    colour = random.uniform(0.8, 1.2)
    partials = [
        np.sin(2 * np.pi * k * hertz * times) / k**colour for k in range(1, overtones + 1) if k * hertz < rate / 2
    ]
    shape = np.minimum(1, times / random.uniform(0.01, 0.1)) * np.minimum(1, (times[-1] - times) / 0.1)
    return (random.uniform(0.1, 0.3) * sum(partials) * shape).astype(np.float32)


def notes(families=tuple(OVERTONES), pitches=range(48, 66), detune=0):
    """Measurements of notes of each family at each pitch, of three instruments each."""
    random = np.random.default_rng(0)
    return [
        measure_note(tone(pitch + detune, OVERTONES[family], random), RATE, pitch, family, f"{family}{number}")
        for family in families
        for number in range(3)
        for pitch in pitches
    ]


@pytest.fixture(scope="module")
def real():
    return notes()


def test_a_model_as_good_as_the_data_reaches_its_figures(real):
    found, confusion = evaluate(real, real)
    assert found["tuning"]["generated"]["all"]["in_tune"] == 1
    assert found["spread"]["ratio"] == pytest.approx(1)
    assert set(found["faults"]["generated"].values()) == {0}
    assert confusion.accuracy == 1


def test_an_untuned_model_is_out_of_tune_at_each_pitch(real):
    tuning = evaluate(real, notes(detune=0.7, pitches=(50, 60)))[0]["tuning"]
    assert tuning["generated"]["all"]["in_tune"] == 0
    assert tuning["generated"]["all"]["median_cents"] == pytest.approx(70, abs=3)
    assert list(tuning["generated"]["by_pitch"]) == ["50", "60"]
    assert tuning["real"]["all"]["in_tune"] == 1


def test_a_model_that_always_sounds_the_same_has_no_spread(real):
    (one,) = (note for note in real if (note.instrument, note.pitch) == ("brass0", 50))
    assert evaluate(real, [one] * 5)[0]["spread"]["ratio"] < 1e-6


def test_an_inaudible_note_misses_its_family(real):
    organ = [note for note in real if note.family == "organ"]
    made = [measure_note(np.zeros(LENGTH), RATE, 60, "brass"), *organ]
    said = evaluate(real, made)[0]["families"]["generated"]["by_family"]
    assert (said["brass"]["recall"], said["organ"]["recall"]) == (0, 1)


def test_real_notes_are_held_out_to_test_the_classifier(real):
    checks = evaluate(real, real)[0]["families"]["real_held_out_by"]
    assert {part: check["accuracy"] > 0.9 for part, check in checks.items()} == {"instrument": True, "pitch": True}


def test_a_model_without_families_has_no_confusion(real):
    random = np.random.default_rng(1)
    made = [measure_note(tone(pitch, 12, random), RATE, pitch) for pitch in (50, 55, 60)]
    found, confusion = evaluate(real, made)
    assert (confusion, found["families"]["heard_as"]) == (None, {"brass": 1.0})


def test_a_silent_model_is_reported_in_words(real):
    silent = [measure_note(np.zeros(LENGTH), RATE, pitch) for pitch in (50, 50)]
    text = "\n".join(report_text.lines(evaluate(real, silent)[0]))
    assert "too few audible notes" in text
    assert "recognised as: nothing" in text


def test_all_pitches_and_families_are_requested_evenly(band):
    config = read_config(band / "gansynth" / "band")
    labels = {f"{family}_{pitch}": Labels("x", pitch, family=family) for pitch in (60, 61, 62) for family in (1, 6)}
    requests = note_plan.plan(config, labels, 400, np.random.default_rng(0))
    assert [sum(one.pitch == pitch for one in requests) for pitch in (60, 61, 62)] == [200, 200, 0]
    brass = sum(dict(one.conditions)["family"] == "brass" for one in requests)
    assert brass == pytest.approx(200, abs=40)
    assert all(labels[one.like].pitch == one.pitch for one in requests)


@pytest.fixture
def data_dir(tmp_path):
    """Notes for the model `band`: 500 samples at 1000 Hz."""
    random = np.random.default_rng(0)
    given = [
        Note(f"{family}{number}_{pitch}", Labels(f"{family}{number}", pitch, family=FAMILIES.index(family)), audio)
        for family, overtones in (("brass", 2), ("organ", 1))
        for number in range(3)
        for pitch in (60, 61, 64)
        for audio in [tone(pitch - 24, overtones, random, 500, 1000)]
    ]
    records.write(tmp_path / "data", given)
    return tmp_path / "data"


def test_the_command_writes_figures_and_plots(band, data_dir, tmp_path, capsys):
    words = ["--ckpt_dir", band / "gansynth" / "band", "--data_dir", data_dir, "--out_dir", tmp_path / "out"]
    assert main([str(word) for word in [*words, "--notes", 12]]) == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"report.json", "confusion.png", "sheet.png"}
    said = json.loads((tmp_path / "out" / "report.json").read_text())
    assert (said["model"], said["tuning"]["generated"]["all"]["notes"]) == ("band", 12)
    assert set(said["families"]["generated"]["by_family"]) == {"brass", "organ"}
    assert "generated notes as requested" in capsys.readouterr().out


def test_data_of_other_pitches_is_one_line(band, tmp_path, capsys):
    records.write(tmp_path / "data", [Note("a_40", Labels("a", 40), np.zeros(500, np.float32))])
    words = ["--ckpt_dir", band / "gansynth" / "band", "--data_dir", tmp_path / "data", "--out_dir", tmp_path / "out"]
    assert main([str(word) for word in words]) == 1
    assert "the data has pitches 40, and band has 60..61, 64" in capsys.readouterr().err
