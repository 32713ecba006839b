"""Notes and hallucinations, with a fake model; no sockets, no engine thread."""

# ruff: noqa: F811 - fixtures

import numpy as np
import pytest
import soundfile
from fake_instrument import instrument  # noqa: F401 - a fixture


def test_synthesize_writes_one_file_per_target(instrument):
    instrument.ask("/sound/set_z", "a", 1, 1, 1, 1)
    instrument.ask("/sound/set_z", "b", 2, 2, 2, 2)
    replies = instrument.ask("/sound/synthesize", "a", "t0", 30, "b", "t1", 40)
    levels = {reply.args[0]: soundfile.read(reply.args[1])[0][0] for reply in replies}
    assert levels == {"t0": 31, "t1": 42}


def test_synthesize_reports_frames_and_rate(instrument):
    instrument.ask("/sound/randomize_z", "a")
    (reply,) = instrument.ask("/sound/synthesize", "a", "t", 30)
    assert reply.args[2:] == (1000, 1000)


def test_synthesize_at_the_clients_rate(instrument):
    instrument.ask("/sound/randomize_z", "a")
    (reply,) = instrument.ask("/sound/synthesize", "a", "t", 30, rate=2000)
    assert (reply.args[2:], soundfile.info(reply.args[1]).samplerate) == ((2000, 2000), 2000)


def test_synthesize_is_all_or_nothing(instrument):
    instrument.ask("/sound/randomize_z", "a")
    with pytest.raises(ValueError, match="no slot 'missing'"):
        instrument.ask("/sound/synthesize", "a", "t0", 30, "missing", "t1", 30)
    assert list(instrument.spool.folder.iterdir()) == []


def test_an_unknown_pitch_lists_the_pitches(instrument):
    instrument.ask("/sound/randomize_z", "a")
    with pytest.raises(ValueError, match=r"30\.\.32, 40"):
        instrument.ask("/sound/synthesize", "a", "t", 33)


TIMES = (0.5, 0, 0.1, 0.1, 0.1)


def test_a_hallucination_has_its_length(instrument):
    (reply,) = instrument.ask("/sound/hallucinate", "t", 3, 1, *TIMES)
    assert reply.args[2] == 4 * 500 + 300


def test_a_hallucination_peaks_at_one_half(instrument):
    (reply,) = instrument.ask("/sound/hallucinate", "t", 2, 0, *TIMES)
    assert np.abs(soundfile.read(reply.args[1])[0]).max() == pytest.approx(0.5, abs=1e-6)


def test_defaults_fit_short_notes(instrument):
    assert instrument.ask("/sound/hallucinate", "t", 2, 2)


def test_an_envelope_longer_than_the_note_is_refused(instrument):
    with pytest.raises(ValueError, match="note"):
        instrument.ask("/sound/hallucinate", "t", 2, 2, 0.2, 0, 0.5, 0.6, 0.5)


def test_an_envelope_of_no_length_is_refused(instrument):
    with pytest.raises(ValueError, match="the envelope has no length"):
        instrument.ask("/sound/hallucinate", "t", 2, 2, 0.2, 0, 0, 0, 0)


def test_an_envelope_a_little_longer_than_the_note_is_clipped(instrument):
    assert instrument.ask("/sound/hallucinate", "t", 2, 2, 0.2, 0, 0.5, 0.009, 0.5)


def test_a_given_pitch_must_be_there(instrument):
    with pytest.raises(ValueError, match="no pitch 50"):
        instrument.ask("/sound/hallucinate", "t", 2, 2, *TIMES, 50)


def test_too_many_notes_are_refused(instrument):
    with pytest.raises(ValueError, match="the most is 10000"):
        instrument.ask("/sound/hallucinate", "t", 1000, 1000, *TIMES)


def test_too_long_a_clip_is_refused(instrument):
    with pytest.raises(ValueError, match="1800 s"):
        instrument.ask("/sound/hallucinate", "t", 1000, 0, 60)


def test_a_failed_hallucination_draws_no_random_numbers(instrument):
    numbers = instrument.session.random
    with pytest.raises(ValueError, match="no pitch 50"):
        instrument.ask("/sound/hallucinate", "t", 2, 2, *TIMES, 50)
    assert instrument.session.random == numbers


def test_key_points_of_ones_own(instrument):
    instrument.ask("/sound/randomize_z", "a", "b")
    (reply,) = instrument.ask("/sound/hallucinate_z", "t", 1, *TIMES, 31, "a", "b", "a")
    assert reply.args[2] == 4 * 500 + 300


def test_a_pitch_for_each_key_point(instrument):
    instrument.ask("/sound/set_z", "a", *[0.0] * 4)
    (reply,) = instrument.ask("/sound/hallucinate_path", "t", 1, *TIMES, "a", 31, "a", 40, "a", 30)
    assert reply.args[2] == 4 * 500 + 300
    assert instrument.listener.events[-1][1].pitch == 31


def test_a_pitch_of_a_key_point_must_be_there(instrument):
    instrument.ask("/sound/randomize_z", "a")
    with pytest.raises(ValueError, match="no pitch 33"):
        instrument.ask("/sound/hallucinate_path", "t", 1, *TIMES, "a", 31, "a", 33)
