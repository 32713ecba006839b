"""Notes that the real FluidSynth plays from the real FluidR3: in tune, labelled, neither silent nor clicking."""

import os
from pathlib import Path

import numpy as np
import pytest

from gansynth.dataset import records, soundfont
from gansynth.dataset.general_midi import IN_TUNE, INSTRUMENTS
from gansynth.dataset.records import FAMILIES, QUALITIES, SOURCES
from scripts.soundfont_dataset import main, numbers
from tests.parts import need_program

RATE = 16000
SPREAD = dict(programs=IN_TUNE[::4], pitches=(40, 52, 64), velocities=(100,), length=32000, hold_s=1.5)


@pytest.fixture(scope="session")
def font():
    """FluidR3, or a skip that says what is missing."""
    try:
        return soundfont.find_sound_font()
    except FileNotFoundError as error:
        if os.environ.get("HALLU_REQUIRE_ALL") == "1":
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def play(font):
    """Render a plan; its notes."""
    program = need_program("fluidsynth")

    def play(**plan):
        return list(soundfont.render(soundfont.SoundFontPlan(**plan), program, font))

    return play


@pytest.fixture(scope="session")
def spread(play):
    """Notes of all families."""
    return play(**SPREAD)


def heard_pitch(wave):
    """MIDI pitch by the normalised autocorrelation of half a second (McLeod and Wyvill 2005); nan for noise."""
    piece = wave[3200:11200] - wave[3200:11200].mean()
    size = len(piece)
    both = np.fft.irfft(np.abs(np.fft.rfft(piece, 2 * size)) ** 2)[: size // 2]
    energy = np.concatenate([[0], np.cumsum(piece**2)])
    lags = np.arange(size // 2)
    match = 2 * both / np.maximum(energy[size - lags] + energy[size] - energy[lags], 1e-12)
    below = np.flatnonzero(match < 0)
    rises = [i for i in range(below[0] if len(below) else len(match), len(match) - 1) if _is_top(match, i)]
    if not rises:
        return np.nan
    first = next(i for i in rises if match[i] > 0.9 * max(match[rises]))
    left, top, right = match[first - 1 : first + 2]
    return 69 + 12 * np.log2(RATE / (first + (left - right) / (2 * (left - 2 * top + right))) / 440)


def _is_top(values, i):
    return values[i] > 0 and values[i - 1] <= values[i] > values[i + 1]


def test_the_ear_of_these_tests_hears_cents():
    wave = np.sin(2 * np.pi * 440 * 2 ** (0.3 / 12) * np.arange(RATE) / RATE)
    assert heard_pitch(wave) == pytest.approx(69.3, abs=0.02)


def test_95_percent_of_the_notes_are_within_50_cents(spread):
    off = np.array([abs(heard_pitch(note.audio) - note.labels.pitch) for note in spread])
    assert np.mean(off < 0.5) >= 0.95


def test_no_note_is_silent_or_beyond_full_scale(spread):
    peaks = [np.abs(note.audio).max() for note in spread]
    assert 0.05 < min(peaks) <= max(peaks) <= 1


def test_no_note_has_an_offset(spread):
    assert max(abs(note.audio.mean()) for note in spread) < 0.002


def test_an_offset_in_the_font_is_taken_out(play):
    (chiff,) = play(programs=(83,), pitches=(72,))
    assert abs(chiff.audio[8000:16000].mean()) < 0.001


def test_notes_start_within_12_ms_and_from_silence(spread):
    for note in spread:
        assert np.abs(note.audio[:16]).max() < 1e-3, note.name
    onsets = [np.flatnonzero(np.abs(note.audio) > 1e-5)[0] for note in spread]
    assert max(onsets) < 0.012 * RATE


def test_notes_end_in_silence_even_where_they_still_sound(play):
    (strings,) = play(programs=(49,), pitches=(48,), length=32000, hold_s=2.0)
    assert np.abs(strings.audio[-800:-400]).max() > 0.05
    assert abs(strings.audio[-1]) < 1e-4
    # A click would be a jump larger than those of the sound itself.
    assert np.abs(np.diff(strings.audio[-400:])).max() <= np.abs(np.diff(strings.audio[:-400])).max()


def test_no_note_reaches_into_the_next(play):
    together = play(programs=(49, 0), pitches=(48,))[1]
    (alone,) = play(programs=(0,), pitches=(48,))
    assert np.abs(together.audio - alone.audio).max() < 0.01


def test_the_same_plan_gives_the_same_notes(play):
    plan = dict(programs=(0,), pitches=(60,), length=8000, hold_s=0.5)
    assert np.array_equal(play(**plan)[0].audio, play(**plan)[0].audio)


def test_velocity_makes_notes_louder(play):
    soft, loud = play(programs=(0,), pitches=(60,), velocities=(30, 120), length=16000, hold_s=1.0)
    assert np.abs(loud.audio).max() > 2 * np.abs(soft.audio).max()


def test_other_rates_and_lengths_hold_the_pitch(play):
    (note,) = play(programs=(73,), pitches=(60,), sample_rate=22050, length=22050, hold_s=1.0)
    assert len(note.audio) == 22050
    assert heard_pitch(note.audio) + 12 * np.log2(22050 / RATE) == pytest.approx(60, abs=0.3)


def test_notes_that_a_font_lacks_are_left_out(play):
    assert [note.labels.pitch for note in play(programs=(43,), pitches=(48, 108), length=8000, hold_s=0.5)] == [48]


def test_labels_name_instrument_family_and_source(play):
    (note,) = play(programs=(38,), pitches=(40,), length=8000, hold_s=0.5)
    assert (note.name, note.labels.instrument) == ("synth_bass_1-v100_40", "synth_bass_1-v100")
    assert (FAMILIES[note.labels.family], SOURCES[note.labels.source]) == ("bass", "synthetic")


def words(note):
    return {word for word, marked in zip(QUALITIES, note.labels.qualities, strict=True) if marked}


def test_qualities_are_those_one_hears(play):
    marimba, guitar, flute = play(programs=(12, 30, 73), pitches=(60,))
    assert {"fast_decay", "percussive"} <= words(marimba)
    assert {"distortion"} <= words(guitar)
    assert not {"fast_decay", "percussive", "distortion"} & words(flute)


def decaying(partials, seconds, hold_s=3.0):
    times = np.arange(4 * RATE) / RATE
    return sum(np.sin(2 * np.pi * 261.63 * k * times) for k in partials) * np.exp(-times / seconds)


@pytest.mark.parametrize(
    ("wave", "expected"),
    [
        (decaying([1], 100), {"dark", "long_release"}),
        (decaying([8, 9, 10], 100), {"bright", "long_release"}),
        (decaying([2, 3], 0.3), {"fast_decay"}),
        (decaying([2, 3], 100) * (np.arange(4 * RATE) < 3 * RATE), set()),
    ],
)
def test_measured_qualities_follow_their_rules(wave, expected):
    assert soundfont.measured_qualities(wave, 60, RATE, 3.0) == expected


def test_all_families_of_nsynth_can_be_asked_for():
    assert {INSTRUMENTS[program].family for program in IN_TUNE} == set(FAMILIES)


def test_instruments_have_words_of_nsynth_and_names_of_their_own():
    assert len({one.name for one in INSTRUMENTS.values()}) == len(INSTRUMENTS)
    for one in INSTRUMENTS.values():
        assert (one.source in SOURCES, one.qualities <= set(QUALITIES)) == (True, True)


@pytest.mark.parametrize(
    ("program", "family"),
    [(0, "keyboard"), (40, "string"), (56, "brass"), (71, "reed"), (73, "flute"), (110, "string")],
)
def test_programs_are_general_midis(program, family):
    assert INSTRUMENTS[program].family == family


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ({"programs": (127,)}, "program 127 has no steady pitch or no family"),
        ({"pitches": (128,)}, r"pitches must be in 0\.\.127, not 128"),
        ({"velocities": (0,)}, r"velocities must be in 1\.\.127, not 0"),
        ({"pitches": ()}, "at least one program, pitch and velocity"),
        ({"hold_s": 5.0}, "hold_s must be above 0 and at most 4 s, the note's length, not 5"),
        ({"sample_rate": 100}, r"sample_rate must be in 8000\.\.96000"),
    ],
)
def test_a_plan_out_of_range_is_refused(wrong, rule):
    with pytest.raises(ValueError, match=rule):
        soundfont.SoundFontPlan(**wrong)


# The command


def test_the_command_makes_a_dataset(font, tmp_path, capsys):
    need_program("fluidsynth")
    flags = ["--programs", "0,73", "--pitches", "60-62", "--length", "16000", "--hold_s", "0.7"]
    assert main(["--out_dir", str(tmp_path / "new"), *flags]) == 0
    assert "6 notes of 1 s from FluidR3_GM.sf2" in capsys.readouterr().out
    names = [note.name for note in records.read(tmp_path / "new")]
    assert (names[0], names[-1], len(names)) == ("grand_piano-v100_60", "flute-v100_62", 6)


def test_a_missing_fluidsynth_is_one_line(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert main(["--out_dir", str(tmp_path / "new")]) == 1
    assert "fluidsynth is not installed; on Debian and Ubuntu: apt install fluidsynth" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_a_missing_sound_font_is_one_line(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(soundfont, "find_fluidsynth", lambda: "fluidsynth")
    monkeypatch.setattr(soundfont, "SYSTEM_FONTS", ())
    assert main(["--out_dir", str(tmp_path / "new")]) == 1
    assert "apt install fluid-soundfont-gm" in capsys.readouterr().err


def test_a_file_that_is_not_a_sound_font_is_named(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(soundfont, "find_fluidsynth", lambda: "fluidsynth")
    assert main(["--out_dir", str(tmp_path / "new"), "--sound_font", __file__]) == 1
    assert f"{Path(__file__)} is not a sound font" in capsys.readouterr().err


ONE_NOTE = ["--programs", "0", "--pitches", "60", "--length", "8000", "--hold_s", "0.4"]


def test_a_damaged_sound_font_is_named_and_no_other_is_played(font, tmp_path, capsys):
    need_program("fluidsynth")
    damaged = tmp_path / "damaged.sf2"
    damaged.write_bytes(font.read_bytes()[:5000])
    assert main(["--out_dir", str(tmp_path / "new"), "--sound_font", str(damaged), *ONE_NOTE]) == 1
    assert f"{damaged} is damaged: fluidsynth cannot load it" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["damaged.sf2"]


def test_a_fluidsynth_that_fails_is_one_line_and_leaves_nothing(font, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(soundfont, "find_fluidsynth", lambda: "false")
    assert main(["--out_dir", str(tmp_path / "new"), "--sound_font", str(font), *ONE_NOTE]) == 1
    assert f"fluidsynth failed on {font} (status 1)" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_list_names_every_instrument(capsys):
    assert main(["--list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(INSTRUMENTS)


def test_numbers_are_single_or_in_ranges():
    assert numbers("0-3,40,2") == [0, 1, 2, 3, 40]


@pytest.mark.parametrize(
    "flags",
    [
        [],
        ["--out_dir", "x", "--programs", "3-1"],
        ["--out_dir", "x", "--families", "kazoo"],
        ["--out_dir", "x", "--pitches", ""],
        ["--out_dir", "x", "--programs", "0", "--families", "bass"],
    ],
)
def test_wrong_usage_is_status_2(flags):
    with pytest.raises(SystemExit) as stop:
        main(flags)
    assert stop.value.code == 2
