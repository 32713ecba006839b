"""gansynth_make_dataset, as the course's pages write it."""

# ruff: noqa: F811 - fixtures

import json
from pathlib import Path

import numpy as np
import pytest
from dataset_tools import put, run  # noqa: F401 - fixtures

from gansynth.dataset import records
from scripts import make_dataset

SMALL = Path(__file__).parent / "data" / "dataset_small"


def test_the_courses_command_line_makes_the_courses_dataset(run, tmp_path):
    flags = ["--in_dir", SMALL / "samples", "--out_dir", tmp_path / "new"]
    assert run(make_dataset.main, *flags)[0] == 0
    ours = {note.name: note for note in records.read(tmp_path / "new")}
    for note in records.read(SMALL):
        assert np.array_equal(ours[note.name].audio, note.audio)


def test_without_out_dir_the_dataset_lies_beside(run, put, tmp_path):
    put("a_60.wav", 4)
    run(make_dataset.main, "--in_dir", tmp_path / "in")
    assert [note.name for note in records.read(tmp_path / "in-train")] == ["a_60"]


def test_any_rate_channels_and_folder_go_in(run, put, tmp_path):
    put("low/a_40.flac", 2, rate=44100, channels=2)
    put("b_c_41.aiff", 2, rate=48000)
    run(make_dataset.main, "--in_dir", tmp_path / "in", "--out_dir", tmp_path / "new", "--length", 32000)
    found = {note.name: (note.labels.instrument, note.labels.pitch) for note in records.read(tmp_path / "new")}
    assert found == {"low-a_40": ("low-a", 40), "b_c_41": ("b_c", 41)}


@pytest.mark.parametrize(
    ("name", "seconds", "words"),
    [
        ("a.wav", 4, "a.wav is not named [name]_[pitch], such as piano_60.wav"),
        ("a_128.wav", 4, "a_128.wav has pitch 128 in its name, which must be in 0..127"),
        ("a_60.wav", 3, "a_60.wav is 48000 samples long at 16000 Hz and must have 64000: gansynth_pad_audio"),
        ("a_60.wav", 5, "a_60.wav is 80000 samples long at 16000 Hz and must have 64000: gansynth_chop_audio"),
    ],
)
def test_a_file_that_cannot_be_a_note_is_named(run, put, tmp_path, name, seconds, words):
    put(name, seconds)
    put("good_60.wav", 4)
    flags = ["--in_dir", tmp_path / "in", "--out_dir", tmp_path / "new"]
    status, _, errors = run(make_dataset.main, *flags)
    assert (status, len(errors)) == (1, 1)
    assert words in errors[0]
    assert not (tmp_path / "new").exists()
    status, _, errors = run(make_dataset.main, *flags, "--skip_bad")
    assert (status, len(errors)) == (0, 1)
    assert words in errors[0]
    assert list(records.read_labels(tmp_path / "new")) == ["good_60"]


def test_skip_validate_finds_bad_files_on_the_way(run, put, tmp_path):
    put("a_60.wav", 3)
    put("b_60.wav", 4)
    flags = ["--in_dir", tmp_path / "in", "--out_dir", tmp_path / "new", "--skip_validate"]
    status, _, errors = run(make_dataset.main, *flags)
    assert status == 1
    assert "a_60.wav is 48000 samples long" in errors[0]
    assert not (tmp_path / "new").exists()


def test_two_files_of_one_name_and_pitch_are_named(run, put, tmp_path):
    put("a_60.wav", 4)
    put("a_60.flac", 4)
    _, _, errors = run(make_dataset.main, "--in_dir", tmp_path / "in")
    assert "a_60.wav has the same name and pitch as" in errors[0]


def test_own_notes_get_the_labels_that_are_given(run, put, tmp_path):
    put("horn_60.wav", 4)
    put("tone_60.wav", 4)
    words = {"horn": {"family": "brass", "source": "synthetic", "qualities": ["dark", "reverb"]}}
    (tmp_path / "labels.json").write_text(json.dumps(words))
    run(make_dataset.main, "--in_dir", tmp_path / "in", "--labels", tmp_path / "labels.json")
    labels = records.read_labels(tmp_path / "in-train")
    assert labels["horn_60"] == records.Labels("horn", 60, 2, 1, (0, 1, 0, 0, 0, 0, 0, 0, 1, 0))
    assert labels["tone_60"] == records.Labels("tone", 60)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ({"horn": {"family": "tuba"}}, "family of 'horn' must be one of bass, brass, flute"),
        ({"horn": {"qualities": ["loud"]}}, "quality of 'horn' must be one of bright, dark"),
        ({"horn": {"pitch": 3}}, "labels of 'horn' may hold family, source and qualities"),
        ({"bell": {"family": "mallet"}}, "there are labels for 'bell', but no file"),
    ],
)
def test_wrong_labels_are_one_line(run, put, tmp_path, labels, words):
    put("horn_60.wav", 4)
    (tmp_path / "labels.json").write_text(json.dumps(labels))
    status, _, errors = run(make_dataset.main, "--in_dir", tmp_path / "in", "--labels", tmp_path / "labels.json")
    assert (status, len(errors)) == (1, 1)
    assert words in errors[0]


@pytest.fixture
def nsynth(put, tmp_path):
    """NSynth's own layout with two notes; the entries can be changed before they are written."""

    def nsynth(**changes):
        for name in ("bass_synthetic_033-022-050", "flute_acoustic_002-077-100"):
            put(f"audio/{name}.wav", 4)
        entry = {"note_str": "", "pitch": 22, "velocity": 50, "sample_rate": 16000, "instrument_str": "bass"}
        entry |= {"instrument_source": 2, "instrument_family": 0, "qualities": [0, 1, 0, 0, 0, 0, 0, 0, 0, 0]}
        flute = entry | {"pitch": 77, "instrument_str": "flute", "instrument_family": 2} | changes
        examples = {"flute_acoustic_002-077-100": flute, "bass_synthetic_033-022-050": entry}
        (tmp_path / "in" / "examples.json").write_text(json.dumps(examples))
        return tmp_path / "in"

    return nsynth


def test_nsynths_layout_keeps_its_labels(run, nsynth, tmp_path):
    assert run(make_dataset.main, "--in_dir", nsynth(), "--out_dir", tmp_path / "new")[0] == 0
    bass, flute = records.read(tmp_path / "new")
    assert bass.labels == records.Labels("bass", 22, 2, 0, (0, 1, 0, 0, 0, 0, 0, 0, 0, 0))
    assert (flute.name, flute.labels.family) == ("flute_acoustic_002-077-100", 2)


@pytest.mark.parametrize("change", [{"pitch": 200}, {"instrument_family": None}, {"qualities": 3}])
def test_nsynths_wrong_labels_are_named(run, nsynth, change):
    _, _, errors = run(make_dataset.main, "--in_dir", nsynth(**change))
    assert len(errors) == 1
    assert "flute_acoustic_002-077-100.wav has wrong labels in examples.json" in errors[0]


def test_a_note_that_nsynth_lists_and_lacks_is_named(run, nsynth, tmp_path):
    folder = nsynth()
    (folder / "audio" / "flute_acoustic_002-077-100.wav").unlink()
    _, _, errors = run(make_dataset.main, "--in_dir", folder)
    assert "flute_acoustic_002-077-100.wav does not exist" in errors[0]


def test_a_dataset_is_refused_before_the_work(run, put, tmp_path):
    put("a_60.wav", 4)
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "meta.json").write_text("precious")
    status, _, errors = run(make_dataset.main, "--in_dir", tmp_path / "in", "--out_dir", tmp_path / "new")
    assert (status, len(errors)) == (1, 1)
    assert "meta.json exists already" in errors[0]
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["meta.json"]
