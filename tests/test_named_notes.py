"""Libraries of recorded notes become datasets: names with parts, notes.json, lengths that differ."""

import json

import numpy as np
import pytest
import soundfile

from core.audio.sound_files import BadFileError
from gansynth.dataset import named_notes, note_import, records
from gansynth.dataset.records import FAMILIES
from scripts import make_dataset

RATE = 16000


@pytest.fixture
def put(tmp_path):
    """Write a decaying tone of `seconds` to in/NAME."""

    def put(name, seconds=0.5, hz=220.0):
        (tmp_path / "in").mkdir(exist_ok=True)
        times = np.arange(round(seconds * RATE)) / RATE
        soundfile.write(tmp_path / "in" / name, 0.5 * np.sin(2 * np.pi * hz * times), RATE)

    return put


@pytest.fixture
def made(tmp_path):
    """The labels and sounds of the dataset that the command makes of in/, by name."""

    def made(*words):
        given = ["--in_dir", tmp_path / "in", "--out_dir", tmp_path / "out", "--length", RATE, *words]
        assert make_dataset.main([str(word) for word in given]) == 0
        return {note.name: note for note in records.read(tmp_path / "out")}

    return made


@pytest.mark.parametrize(
    ("text", "pitch"),
    [("57", 57), ("057", 57), ("A3", 57), ("a3", 57), ("C4", 60), ("As3", 58), ("Bb3", 58), ("C-1", 0)],
)
def test_a_pitch_is_a_number_or_a_note(text, pitch):
    assert named_notes.midi_pitch(text) == pitch


@pytest.mark.parametrize("text", ["H3", "A", "128", "G9s", "", "forte"])
def test_what_is_no_pitch_is_named(text):
    with pytest.raises(ValueError, match=r"pitch must be"):
        named_notes.midi_pitch(text)


@pytest.mark.parametrize(
    ("instrument", "family"),
    [
        ("cello", "string"), ("double-bass", "string"), ("bass-clarinet", "reed"), ("french-horn", "brass"),
        ("electric bass", "bass"), ("Steel Guitar", "guitar"), ("contrabassoon", "reed"), ("theremin", None),
    ],
)  # fmt: skip
def test_families_follow_from_the_words_of_a_name(instrument, family):
    assert named_notes.family_of(instrument) == family


def test_names_with_parts_become_labels(put, made):
    put("cello_A3_forte_1.wav")
    put("cello_A3_piano_1.wav")
    notes = made("--names", "instrument_pitch_dynamic_take", "--fit")
    assert {note.labels.instrument for note in notes.values()} == {"cello-forte", "cello-piano"}
    assert {(note.labels.pitch, FAMILIES[note.labels.family]) for note in notes.values()} == {(57, "string")}


def test_notes_json_says_what_notes_are(put, made, tmp_path):
    put("x1.flac")
    put("x2.flac")
    entries = {
        "x1": {"instrument": "oboe", "pitch": 57, "dynamic": "piano", "articulation": "normal"},
        "x2": {"instrument": "oboe", "pitch": "A4", "dynamic": "piano", "articulation": "staccato"},
    }
    (tmp_path / "in" / "notes.json").write_text(json.dumps(entries))
    notes = made("--fit")
    assert {note.labels.pitch: note.labels.instrument for note in notes.values()} == {
        57: "oboe-piano",
        69: "oboe-piano-staccato",
    }


def test_fit_adds_silence_and_fades_what_it_cuts(put, made):
    put("oboe_60.wav", 0.5)
    put("oboe_61.wav", 1.5)
    notes = made("--fit")
    short, long = notes["oboe_60"].audio, notes["oboe_61"].audio
    assert not short[RATE // 2 :].any()
    assert np.abs(long[-20:]).max() < 0.05 < np.abs(long[-1000:]).max()


def test_qualities_of_a_library_are_measured(put, made):
    put("flute_100_ff.wav", hz=2637.0)
    (note,) = made("--names", "instrument_pitch_dynamic", "--fit").values()
    assert note.labels.qualities[records.QUALITIES.index("bright")] == 1


def test_an_unknown_instrument_is_reported(put, made, caplog):
    put("theremin_60_ff.wav")
    made("--names", "instrument_pitch_dynamic", "--fit")
    assert "of no known family, so they count as bass: theremin" in caplog.text


def test_labels_overrule_the_family(put, made, tmp_path, caplog):
    put("theremin_60_ff.wav")
    (tmp_path / "labels.json").write_text(json.dumps({"theremin": {"family": "vocal"}}))
    words = ["--names", "instrument_pitch_dynamic", "--fit", "--labels", tmp_path / "labels.json"]
    assert {FAMILIES[note.labels.family] for note in made(*words).values()} == {"vocal"}
    assert "no known family" not in caplog.text


def test_a_note_that_notes_json_lacks_is_named(put, tmp_path):
    put("x1.wav")
    (tmp_path / "in" / "notes.json").write_text("{}")
    with pytest.raises(BadFileError, match=r"x1.wav: is not in notes.json"):
        note_import.find(tmp_path / "in")


@pytest.mark.parametrize("text", ["instrument", "pitch_dynamic", "instrument_pitch_pitch"])
def test_wrong_parts_are_wrong_usage(put, tmp_path, text, capsys):
    with pytest.raises(SystemExit) as stop:
        make_dataset.main(["--in_dir", str(tmp_path), "--names", text])
    assert stop.value.code == 2
    assert "the parts of names must" in capsys.readouterr().err
