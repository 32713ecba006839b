"""gansynth_dataset_report: what it finds in a dataset, and the sheet of spectrograms."""

import numpy as np
import pytest

from gansynth.dataset import records, summary
from gansynth.dataset.records import Labels, Note
from scripts.dataset_report import main

RATE, LENGTH = 16000, 16000


def tone(name, level=0.5, **labels):
    instrument, pitch = name.split("_")
    wave = level * np.sin(2 * np.pi * 440 * 2 ** ((int(pitch) - 69) / 12) * np.arange(LENGTH) / RATE)
    return Note(name, Labels(instrument, int(pitch), **labels), wave.astype(np.float32))


@pytest.fixture
def report(tmp_path, capsys):
    """The summary of a dataset of these notes: its lines by the text before the colon."""

    def report(*notes):
        records.write(tmp_path, notes)
        assert main([str(tmp_path)]) == 0
        lines = capsys.readouterr().out.splitlines()
        return dict(line.split(": ", 1) if ": " in line else (line, "") for line in lines)

    return report


def test_notes_are_counted_by_pitch_and_label(report):
    said = report(tone("a_40"), tone("b_40", family=8, level=0.4), tone("a_41", source=2))
    assert said["notes per pitch"] == "40:2  41:1"
    assert said["notes per family"] == "bass:2  string:1"
    assert said["notes per source"] == "acoustic:2  synthetic:1"
    assert "3 notes of 16000 samples, 2 instruments" in said


def test_qualities_are_counted(report):
    said = report(tone("a_40", qualities=(1, 0, 0, 0, 0, 0, 0, 0, 1, 0)), tone("a_41"))
    assert said["notes per quality"] == "bright:1  reverb:1"


def test_loudness_is_the_rms_level(report):
    said = report(tone("quiet_40", 0.01), tone("middle_40", 0.1), tone("loud_40", 1.0))
    assert said["loudness"] == "-43.0 dB (quiet_40) to -3.0 dB (loud_40), median -23.0 dB"


def test_silent_notes_are_named(report):
    assert report(tone("a_40", 0.0), tone("b_40"))["silent (below -60 dB)"] == "1 (a_40)"


def test_notes_at_full_scale_are_named(report):
    assert report(tone("a_40", 1.2), tone("b_40"))["at full scale, maybe clipped"] == "1 (a_40)"


def test_the_same_sound_under_two_names_is_found(report):
    said = report(tone("a_40"), tone("b_40"), tone("c_41"))
    assert said["the same sound more than once"] == "1 (a_40 = b_40)"


def test_notes_that_training_would_leave_out_are_counted(report):
    said = report(tone("a_23"), tone("a_40"), tone("b_40", source=1))
    assert any(line.startswith("Magenta's training leaves out 2 notes") for line in said)


def test_the_sheet_is_a_picture_beside_the_dataset(report, tmp_path):
    from matplotlib.image import imread

    report(*(tone(f"a$_{pitch}") for pitch in range(40, 50)))
    height, width, _ = imread(tmp_path / "sheet.png").shape
    assert width > 2 * height > 400


def test_the_sheet_shows_a_note_at_its_frequency(tmp_path):
    from matplotlib.image import imread

    note = tone("a_83")  # 988 Hz, an eighth of the way up
    summary.save_sheet(tmp_path / "sheet.png", [note], RATE)
    brightness = imread(tmp_path / "sheet.png")[:, :, :3].sum(axis=2)
    black = np.flatnonzero((brightness < 0.05).sum(axis=1) > 20)
    loudest = np.argmax(brightness[black[0] : black[-1] + 1, 120])
    assert 1 - loudest / (black[-1] - black[0]) == pytest.approx(988 / 8000, abs=0.03)


def test_the_sheet_spans_all_pitches():
    labels = {f"a_{pitch}": Labels("a", pitch) for pitch in range(128)}
    chosen = summary.choose(labels, 3)
    assert chosen == ["a_0", "a_64", "a_127"]


def test_a_missing_dataset_is_one_line(tmp_path, capsys):
    assert main([str(tmp_path / "none")]) == 1
    errors = capsys.readouterr().err
    assert (errors.count("\n"), "none/meta.json" in errors) == (1, True)


def test_a_picture_of_an_unknown_kind_is_wrong_usage(tmp_path):
    with pytest.raises(SystemExit) as stop:
        main([str(tmp_path), "--picture", "sheet.gif"])
    assert stop.value.code == 2
