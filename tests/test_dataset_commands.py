"""gansynth_chop_audio, gansynth_pad_audio and gansynth_make_dataset, as the course's pages write them."""

import json
import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import numpy as np
import pytest
import soundfile

from gansynth.dataset import records
from scripts import chop_audio, make_dataset, pad_audio, start

ROOT = Path(__file__).parent.parent
SMALL = ROOT / "tests" / "data" / "dataset_small"
PROGRESS = re.compile(r"(?:\w+: )?\d+ of \d+ \w+s(?:, [\d:]+ left)?")
PROGRAMS = {
    "gansynth_chop_audio": "chop_audio",
    "gansynth_dataset_report": "dataset_report",
    "gansynth_make_dataset": "make_dataset",
    "gansynth_pad_audio": "pad_audio",
    "gansynth_postprocess_model": "postprocess_model",
    "gansynth_soundfont_dataset": "soundfont_dataset",
    "gansynth_train": "gansynth_train",
    "gansynth_voice_report": "voice_report",
}


@pytest.fixture
def run(capsys):
    """Run a command; its exit status, stdout, and the lines of stderr that are not progress."""

    def run(main, *words):
        status = main([str(word) for word in words])
        said, errors = capsys.readouterr()
        return status, said, [line for line in errors.splitlines() if not PROGRESS.fullmatch(line)]

    return run


@pytest.fixture
def put(tmp_path):
    """Write a tone of `seconds` to in/NAME; its path."""

    def put(name, seconds=1.0, rate=16000, channels=1, hz=500.0, level=0.5, **how):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        wave = level * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)
        how |= {"format": "AIFF"} if path.suffix == ".aif" else {}
        soundfile.write(path, np.repeat(wave[:, None], channels, axis=1), rate, **how)
        return path

    return put


def made(tmp_path):
    return sorted(path.name for path in (tmp_path / "out").iterdir())


def measured(path):
    """Frequency of the strongest partial in Hz, and its level."""
    wave, rate = soundfile.read(path)
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    return np.argmax(spectrum) * rate / len(wave), spectrum.max() * 4 / len(wave)


@pytest.mark.parametrize(("program", "module"), PROGRAMS.items())
def test_programs_explain_themselves(program, module, capsys):
    (entry,) = entry_points(group="console_scripts", name=program)
    assert start.module(program) == f"scripts.{module}"
    with pytest.raises(SystemExit) as stop:
        entry.load()(["--help"])
    assert stop.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: {program}")


def test_importing_the_programs_loads_no_tensorflow():
    names = ", ".join(f"scripts.{module}" for module in PROGRAMS.values())
    loaded = f"import {names}, sys; print({{'tensorflow', 'keras', 'matplotlib'}} & set(sys.modules) or 'none')"
    assert subprocess.check_output([sys.executable, "-c", loaded], text=True, cwd=ROOT).strip() == "none"


# Chopping


def test_chop_names_parts_from_1_and_drops_the_rest(run, put, tmp_path):
    put("song.wav", 9)
    assert run(chop_audio.main, tmp_path / "in", tmp_path / "out")[0] == 0
    assert made(tmp_path) == ["song_1_32.wav", "song_2_32.wav"]


def test_chop_writes_16_bit_mono_of_exactly_len(run, put, tmp_path):
    put("song.flac", 1, rate=44100, channels=2)
    run(chop_audio.main, tmp_path / "in", tmp_path / "out", "--len", 5000, "--sample_rate", 8000, "--pitch", 40)
    info = soundfile.info(tmp_path / "out" / "song_1_40.wav")
    assert (info.frames, info.samplerate, info.channels, info.subtype) == (5000, 8000, 1, "PCM_16")


def test_chopped_parts_join_to_the_recording(run, put, tmp_path):
    whole, _ = soundfile.read(put("song.wav", 1), dtype="int16")
    run(chop_audio.main, tmp_path / "in", tmp_path / "out", "--len", 4000, "--step", 4000)
    parts = [soundfile.read(tmp_path / "out" / f"song_{i}_32.wav", dtype="int16")[0] for i in range(1, 5)]
    assert np.array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize(("step", "count"), [(1000, 13), (4000, 4), (12000, 2), (12001, 1)])
def test_step_says_how_many_parts_there_are(run, put, tmp_path, step, count):
    put("song.wav", 1)
    run(chop_audio.main, tmp_path / "in", tmp_path / "out", "--len", 4000, "--step", step)
    assert len(made(tmp_path)) == count


def test_without_a_step_nothing_between_notes_is_dropped(run, put, tmp_path):
    whole, _ = soundfile.read(put("song.wav", 1), dtype="int16")
    run(chop_audio.main, tmp_path / "in", tmp_path / "out", "--len", 4000)
    parts = [soundfile.read(tmp_path / "out" / f"song_{i}_32.wav", dtype="int16")[0] for i in range(1, 5)]
    assert np.array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize("name", ["a.wav", "a.WAV", "a.aif", "a.aiff", "a.flac", "a.mp3"])
def test_every_kind_of_file_keeps_pitch_and_level(run, put, tmp_path, name):
    put(name, 2, rate=44100, channels=2)
    assert run(chop_audio.main, tmp_path / "in", tmp_path / "out", "--len", 16000)[0] == 0
    hz, level = measured(tmp_path / "out" / "a_1_32.wav")
    assert hz == pytest.approx(500, abs=1)
    assert level == pytest.approx(0.5, rel=0.02)


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 48000, 96000])
def test_every_rate_keeps_its_length(run, put, tmp_path, rate):
    put("a.wav", 2, rate=rate)
    assert run(chop_audio.main, tmp_path / "in", tmp_path / "out", "--len", 32000)[0] == 0


def test_files_that_only_end_like_sound_files_are_left_out(run, put, tmp_path):
    put("a.wav")
    for name in ("wav", "b.w", "c.wa", "d.", ".hidden.wav", "._a.wav", "notes.txt"):
        (tmp_path / "in" / name).write_text("no sound")
    assert run(chop_audio.main, tmp_path / "in", tmp_path / "out", "--len", 16000)[0] == 0
    assert made(tmp_path) == ["a_1_32.wav"]


def test_names_of_different_files_never_collide(run, put, tmp_path):
    for name in ("a.wav", "a.flac", "x/a.wav", "x-a.wav"):
        put(name)
    run(chop_audio.main, tmp_path / "in", tmp_path / "out", "--len", 16000)
    assert made(tmp_path) == ["a-2_1_32.wav", "a_1_32.wav", "x-a-2_1_32.wav", "x-a_1_32.wav"]


# Padding


def test_pad_names_notes_after_their_folders(run, put, tmp_path):
    for name in ("Big Drums/low/a.wav", "Big Drums/low/b.wav", "c.wav"):
        put(name)
    assert run(pad_audio.main, tmp_path / "in", tmp_path / "out")[0] == 0
    assert made(tmp_path) == ["big-drums-low-1_32.wav", "big-drums-low-2_32.wav", "in-1_32.wav"]


def test_pad_adds_silence_or_cuts(run, put, tmp_path):
    short, _ = soundfile.read(put("a.wav", 0.5), dtype="int16")
    long, _ = soundfile.read(put("b.wav", 2), dtype="int16")
    run(pad_audio.main, tmp_path / "in", tmp_path / "out", "--length", 16000)
    padded, _ = soundfile.read(tmp_path / "out" / "in-1_32.wav", dtype="int16")
    cut, _ = soundfile.read(tmp_path / "out" / "in-2_32.wav", dtype="int16")
    assert np.array_equal(padded, np.pad(short, (0, 8000)))
    assert np.array_equal(cut, long[:16000])


def test_pad_keeps_relative_levels(run, put, tmp_path):
    put("a.wav", level=0.5)
    put("b.wav", level=0.05)
    run(pad_audio.main, tmp_path / "in", tmp_path / "out", "--length", 16000)
    loud, quiet = (measured(tmp_path / "out" / f"in-{i}_32.wav")[1] for i in (1, 2))
    assert loud / quiet == pytest.approx(10, rel=0.01)


def test_samples_beyond_full_scale_are_clipped_not_wrapped(run, put, tmp_path):
    put("a.wav", level=1.5, subtype="FLOAT")
    run(pad_audio.main, tmp_path / "in", tmp_path / "out", "--length", 16000)
    wave, _ = soundfile.read(tmp_path / "out" / "in-1_32.wav", dtype="int16")
    assert (wave.max(), wave.min()) == (32767, -32768)
    assert np.abs(np.diff(wave.astype(int))).max() < 12000


# Both


@pytest.mark.parametrize("command", [chop_audio, pad_audio])
class TestChopAndPad:
    def test_a_bad_file_is_one_line_and_leaves_nothing(self, run, put, tmp_path, command):
        put("a.wav", 4)
        (tmp_path / "in" / "bad.wav").write_text("no sound")
        status, _, errors = run(command.main, tmp_path / "in", tmp_path / "out")
        assert (status, len(errors)) == (1, 1)
        assert f"{tmp_path / 'in' / 'bad.wav'} is not a readable sound file" in errors[0]
        assert [path.name for path in tmp_path.iterdir()] == ["in"]

    def test_skip_bad_names_the_bad_file_and_goes_on(self, run, put, tmp_path, command):
        put("a.wav", 4)
        put("empty.wav", 0)
        (tmp_path / "in" / "bad.mp3").write_text("no sound")
        status, _, errors = run(command.main, tmp_path / "in", tmp_path / "out", "--skip_bad")
        assert status == 0
        assert len(made(tmp_path)) == 1
        assert ["bad.mp3" in errors[0], "empty.wav" in errors[1], len(errors)] == [True, True, 2]

    def test_values_that_are_not_finite_are_bad(self, run, tmp_path, command):
        (tmp_path / "in").mkdir()
        soundfile.write(tmp_path / "in" / "a.wav", np.full(64000, np.nan), 16000, subtype="FLOAT")
        _, _, errors = run(command.main, tmp_path / "in", tmp_path / "out")
        assert "a.wav is not finite" in errors[0]

    def test_a_folder_with_something_in_it_is_not_touched(self, run, put, tmp_path, command):
        put("a.wav", 4)
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "mine").write_text("precious")
        status, _, errors = run(command.main, tmp_path / "in", tmp_path / "out")
        assert status == 1
        assert "exists already" in errors[0]
        assert made(tmp_path) == ["mine"]

    def test_an_empty_folder_is_taken(self, run, put, tmp_path, command):
        put("a.wav", 4)
        (tmp_path / "out").mkdir()
        assert run(command.main, tmp_path / "in", tmp_path / "out")[0] == 0
        assert len(made(tmp_path)) == 1

    def test_ctrl_c_leaves_nothing(self, run, put, tmp_path, command, monkeypatch):
        put("a.wav", 4)
        put("b.wav", 4)
        seen = []

        def interrupt(path, wave, rate):
            if seen:
                raise KeyboardInterrupt
            seen.append(path)
            path.write_bytes(b"half")

        monkeypatch.setattr("core.audio.wav.write_pcm16", interrupt)
        status, _, errors = run(command.main, tmp_path / "in", tmp_path / "out")
        assert (status, errors[-1].split(": ")[1]) == (130, "interrupted")
        assert [path.name for path in tmp_path.iterdir()] == ["in"]

    def test_a_folder_without_sounds_is_one_line(self, run, tmp_path, command):
        (tmp_path / "in").mkdir()
        status, _, errors = run(command.main, tmp_path / "in", tmp_path / "out")
        assert (status, len(errors)) == (1, 1)
        assert "has no sound files (.aac .aif .aiff .flac .m4a .mp3 .oga .ogg .opus .wav .wma)" in errors[0]

    @pytest.mark.parametrize("flags", [["--pitch", 128], ["--pitch", "x"], ["--sample_rate", 0], ["--le", 0]])
    def test_wrong_usage_is_status_2(self, run, tmp_path, command, flags):
        with pytest.raises(SystemExit) as stop:
            run(command.main, tmp_path, tmp_path / "out", *flags)
        assert stop.value.code == 2


def test_a_recording_too_short_for_one_note_is_bad(run, put, tmp_path):
    put("a.wav", 1)
    _, _, errors = run(chop_audio.main, tmp_path / "in", tmp_path / "out")
    assert "a.wav is 16000 samples long at 16000 Hz; a note needs 64000 (--skip_bad" in errors[0]


# Making a dataset


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
