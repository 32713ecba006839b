"""The instrument as a whole: real Pd plays a MIDI file beside a stream, and the server is killed in between."""

import numpy as np
import pytest
from parts import need_program

from bench import live_recording, live_show
from gansynth import midi
from gansynth.midi import MidiNote


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """What was heard before the server was killed, and after it came back."""
    need_program("pd")
    folder = tmp_path_factory.mktemp("show")
    path = live_show.write_midi(folder / "tune.mid", live_show.default_notes(5, rest_s=0.5, slower=2.0))
    return live_show.run(folder, midi.read_notes(path), "fluid", pictures=False)


def test_every_note_of_a_midi_file_is_heard_in_tune_and_below_minus_1_dbfs(parts):
    assert parts[0].wrong() == []


def test_after_a_crash_the_notes_and_the_stream_go_on_by_themselves(parts):
    assert parts[1].wrong() == []


def test_a_note_that_is_missing_one_that_is_late_and_one_that_is_off_are_noticed():
    notes, rate = [MidiNote(start_s, start_s + 0.6, 57, 100) for start_s in (0.0, 1.0, 2.0, 3.0)], 8000
    wave = np.zeros(5 * rate)
    for at_s, hertz in ((0.0, 220.0), (2.1, 220.0), (3.0, 224.0)):
        wave[round(at_s * rate) :][: rate // 2] = 0.5 * np.sin(2 * np.pi * hertz * np.arange(rate // 2) / rate)
    found = live_recording.notes_in(wave, rate, notes, 0.0)
    assert np.allclose([each.late_s for each in found], [0.0, np.nan, 0.1, 0.0], atol=0.002, equal_nan=True)
    assert np.allclose([each.cents for each in found], [0.0, np.nan, 0.0, 31.2], atol=1.0, equal_nan=True)


def test_silence_in_a_stream_is_a_gap():
    wave = np.ones(1000)
    assert live_recording.gaps(wave, 1000) == 0
    wave[300:310] = wave[990:] = 0.0
    assert live_recording.gaps(wave, 1000) == 2
