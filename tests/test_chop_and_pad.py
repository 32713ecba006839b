"""gansynth_chop_audio and gansynth_pad_audio, as the course's pages write them."""

# ruff: noqa: F811 - fixtures

import numpy as np
import pytest
import soundfile
from dataset_tools import made, measured, put, run  # noqa: F401 - fixtures

from scripts import chop_audio, pad_audio


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


def test_a_recording_too_short_for_one_note_is_bad(run, put, tmp_path):
    put("a.wav", 1)
    _, _, errors = run(chop_audio.main, tmp_path / "in", tmp_path / "out")
    assert "a.wav is 16000 samples long at 16000 Hz; a note needs 64000 (--skip_bad" in errors[0]


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
