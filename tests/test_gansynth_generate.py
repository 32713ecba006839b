"""gansynth_generate, as the course's pages write it, on Magenta's own small checkpoint."""

from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

import gansynth
from gansynth.level import measure
from gansynth.midi import note_envelope
from scripts.gansynth_generate import main

SMALL = Path(__file__).parent / "data" / "magenta_small"
FLUID = Path(__file__).parent.parent / "models" / "gansynth" / "fluid"


@pytest.fixture
def run(tmp_path, capsys):
    """Run the command with --ckpt_dir and --output_dir; its exit status, stdout and stderr."""

    def run(*flags, ckpt_dir=SMALL):
        words = ["--ckpt_dir", ckpt_dir, "--output_dir", tmp_path / "out", *flags]
        status = main([str(word) for word in words])
        return status, *capsys.readouterr()

    return run


@pytest.fixture
def song(tmp_path):
    """Make a MIDI file of half-second notes, one after the other."""

    def song(*pitches):
        file = mido.MidiFile()
        track = file.add_track()
        for pitch in pitches:
            track.append(mido.Message("note_on", note=pitch, velocity=100))
            track.append(mido.Message("note_off", note=pitch, time=480))
        file.save(tmp_path / "song.mid")
        return tmp_path / "song.mid"

    return song


def sound(tmp_path, name):
    wave, rate = soundfile.read(tmp_path / "out" / name, dtype="float32")
    return wave, rate


def test_without_midi_it_writes_batch_size_notes(run, tmp_path):
    assert run("--batch_size", 2, "--seed", 1)[0] == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["generated_0.wav", "generated_1.wav"]


def test_notes_are_float32_at_the_models_rate_and_length(run, tmp_path):
    run("--batch_size", 1)
    info = soundfile.info(tmp_path / "out" / "generated_0.wav")
    assert (info.subtype, info.channels, info.samplerate, info.frames) == ("FLOAT", 1, 16000, 64000)


def test_a_seed_gives_the_same_notes_again(run, tmp_path):
    run("--batch_size", 1, "--seed", 3)
    first, _ = sound(tmp_path, "generated_0.wav")
    run("--batch_size", 1, "--seed", 3)
    assert np.array_equal(first, sound(tmp_path, "generated_1.wav")[0])


def test_notes_are_added_to_those_that_are_there(run, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "generated_4.wav").write_bytes(b"mine")
    run("--batch_size", 2)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"generated_4.wav", "generated_5.wav", "generated_6.wav"}
    assert (tmp_path / "out" / "generated_4.wav").read_bytes() == b"mine"


def test_pitch_is_the_pitch_of_all_notes(run):
    assert run("--batch_size", 2, "--pitch", 40)[1].count("pitch 40\n") == 2


def test_a_midi_file_becomes_one_clip(run, song, tmp_path):
    status, said, _ = run("--midi_file", song(60, 62, 64), "--secs_per_instrument", 1, "--seed", 1)
    wave, rate = sound(tmp_path, "generated_clip.wav")
    assert status == 0
    assert len(wave) == (1.5 + 0.3) * rate
    assert np.abs(wave).max() == pytest.approx(0.5)
    assert "3 notes" in said


def test_a_second_clip_is_put_beside_the_first(run, song, tmp_path):
    for _ in range(2):
        run("--midi_file", song(60))
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["generated_clip-2.wav", "generated_clip.wav"]


def test_a_clip_of_one_note_is_the_networks_note_under_its_envelope(run, song, tmp_path):
    run("--midi_file", song(60), "--seed", 5)
    model = gansynth.load(SMALL)
    z = np.random.default_rng(5).standard_normal((2, model.latent_size))[:1]
    note = model.generate(z, [60])[0]
    expected = note[:12800] * note_envelope(0.5, 16000, 64000)
    expected *= 0.5 / np.abs(expected).max()
    assert np.allclose(sound(tmp_path, "generated_clip.wav")[0], expected, atol=1e-5)


def test_a_midi_file_shorter_than_an_instrument_is_played(run, song, tmp_path):
    assert run("--midi_file", song(60), "--secs_per_instrument", 60)[0] == 0
    assert np.isfinite(sound(tmp_path, "generated_clip.wav")[0]).all()


def test_notes_outside_the_model_are_counted(run, song):
    assert "1 of 2 notes are left out" in run("--midi_file", song(60, 100))[1]


@pytest.fixture
def long_note(tmp_path):
    file = mido.MidiFile()
    track = file.add_track()
    for beats in (1, 8):
        track.append(mido.Message("note_on", note=60, velocity=100))
        track.append(mido.Message("note_off", note=60, time=480 * beats))
    file.save(tmp_path / "long.mid")
    return tmp_path / "long.mid"


def test_notes_that_the_model_cannot_hold_are_counted(run, long_note):
    said = run("--midi_file", long_note, "--cut")[1]
    assert "1 of 2 notes are cut: the model cannot hold one for more than 3.0 s" in said


def test_notes_that_the_model_cannot_hold_repeat_their_steady_part(run, long_note):
    assert "1 of 2 notes repeat their steady part" in run("--midi_file", long_note)[1]


def test_notes_that_the_model_can_hold_are_not_mentioned(run, song):
    assert "cut" not in run("--midi_file", song(60, 62))[1]


def test_the_course_writes_flags_with_an_equals_sign(tmp_path, song, capsys):
    flags = f"--ckpt_dir={SMALL} --output_dir={tmp_path}/out --midi_file={song(60)} --batch_size=2"
    assert main(flags.split()) == 0


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--pitch", 3], "magenta_small has no pitch 3; it has 24..84"),
        (["--midi_file", "none.mid"], "there is no MIDI file none.mid"),
        (["--midi_file", __file__], "is not a readable MIDI file"),
    ],
)
def test_a_failure_is_one_line_and_status_1(run, flags, words):
    status, _, errors = run(*flags)
    assert status == 1
    assert words in errors
    assert errors.count("\n") == 1


def test_a_midi_file_without_notes_is_one_line(run, song):
    assert "song.mid has no notes to play" in run("--midi_file", song())[2]


def test_a_midi_file_without_a_pitch_of_the_model_is_one_line(run, song):
    assert "none of the 2 notes" in run("--midi_file", song(1, 2))[2]


def test_a_missing_checkpoint_is_one_line(run, tmp_path):
    status, _, errors = run(ckpt_dir=tmp_path / "none")
    assert status == 1
    assert str(tmp_path / "none") in errors
    assert errors.count("\n") == 1


def test_a_failure_leaves_no_output_folder(run, tmp_path):
    run("--pitch", 3)
    assert not (tmp_path / "out").exists()


def test_debug_shows_where_an_error_comes_from(run):
    with pytest.raises(ValueError, match="no pitch 3"):
        run("--pitch", 3, "--debug")


@pytest.mark.parametrize(
    "flags",
    [
        ["--batch_size", 0],
        ["--secs_per_instrument", 0],
        ["--secs_per_instrument", "nan"],
        ["--seed", -1],
        ["--seed", "x"],
        ["--unknown", 1],
        ["--midi_file", "song.mid", "--pitch", 60],
    ],
)
def test_wrong_usage_is_status_2(run, flags):
    with pytest.raises(SystemExit) as stop:
        run(*flags)
    assert stop.value.code == 2


def test_folders_are_needed(capsys):
    with pytest.raises(SystemExit) as stop:
        main([])
    assert stop.value.code == 2


def fluid_notes(folder, *words):
    """The files of eight notes of the voice that ships, by one seed."""
    assert main([*map(str, ("--ckpt_dir", FLUID, "--output_dir", folder, "--seed", 3)), *words]) == 0
    return [soundfile.read(path, dtype="float32")[0] for path in sorted(folder.iterdir())]


def test_notes_are_as_loud_as_those_of_other_models_and_never_too_loud(tmp_path):
    levelled, raw = fluid_notes(tmp_path / "levelled"), fluid_notes(tmp_path / "raw", "--raw")
    gain = 10 ** (measure(gansynth.load(FLUID)).note_db / 20)
    assert gain > 1.5
    for loud, plain in zip(levelled, raw, strict=True):
        factor = min(gain, 0.891 / np.abs(plain).max())
        np.testing.assert_allclose(loud, factor * plain, atol=1e-6)
        assert np.abs(loud).max() <= 0.8911


def test_raw_notes_are_as_the_model_makes_them(tmp_path):
    rng, model = np.random.default_rng(3), gansynth.load(FLUID)
    z = rng.standard_normal((8, model.latent_size)).astype(np.float32)
    pitches = rng.choice(model.pitches, 8)
    found = fluid_notes(tmp_path / "raw", "--raw")
    np.testing.assert_allclose(found, model.generate(z, pitches), atol=1e-6)


def test_another_precision_gives_nearly_the_same_note(tmp_path):
    waves = []
    for folder, more in ((tmp_path / "exact", []), (tmp_path / "near", ["--precision", "bf16"])):
        words = ["--ckpt_dir", FLUID, "--output_dir", folder, "--batch_size", "1", "--seed", "1", *more]
        assert main([str(word) for word in words]) == 0
        waves.append(soundfile.read(folder / "generated_0.wav")[0])
    exact_db, near_db = (20 * np.log10(np.std(wave)) for wave in waves)
    assert len(waves[0]) == len(waves[1])
    assert near_db == pytest.approx(exact_db, abs=1)
