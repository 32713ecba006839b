"""Notes played on a model whose notes are known exactly."""

import tracemalloc
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from core.latent.interpolation import slerp
from gansynth import midi
from gansynth.latent_prior import LatentPrior
from gansynth.midi import MidiNote

RATE = 1000
FOUND = Path(__file__).parent / "data" / "found" / "midi"


def test_playable_keeps_the_pitches_of_the_model():
    notes = [MidiNote(0, 1, pitch, 100) for pitch in (10, 40, 100)]
    assert midi.playable(notes, range(24, 85)) == notes[1:2]


def latents(*starts_s, secs=6.0, seed=0):
    return midi.note_latents(
        [MidiNote(s, s + 1, 60, 100) for s in starts_s], secs, LatentPrior(8), np.random.default_rng(seed)
    )


def test_notes_at_an_instruments_time_are_that_instrument():
    instruments = np.random.default_rng(0).standard_normal((4, 8))
    assert np.allclose(latents(0, 6, 12), instruments[:3], atol=1e-6)


def test_a_note_halfway_is_halfway_on_the_sphere():
    first, half, second = latents(0, 3, 6)
    assert np.allclose(half, slerp(first, second, 0.5), atol=1e-6)


@pytest.mark.parametrize("start_s", [0.0, 5.0, 8.0, 11.9])
def test_short_files_have_finite_latents(start_s):
    assert np.isfinite(latents(0, start_s)).all()


@pytest.mark.parametrize("secs", [0.0, -1.0, float("nan"), float("inf")])
def test_seconds_per_instrument_must_be_above_0(secs):
    with pytest.raises(ValueError, match="secs_per_instrument"):
        latents(0, secs=secs)


def test_too_many_instruments_are_refused():
    with pytest.raises(ValueError, match="give at most"):
        latents(0, 1000, secs=1e-6)


def test_the_envelope_rises_within_the_note_and_falls_after_it():
    envelope = midi.note_envelope(1.0, RATE, 4 * RATE)
    assert len(envelope) == 1.3 * RATE
    assert (envelope[10:1000] == 1).all()
    assert envelope[0] == 0
    assert envelope[5] == 0.5
    assert envelope[1150] == pytest.approx(0.5, abs=0.01)
    assert envelope[-1] == 0


@pytest.mark.parametrize(("model_s", "held_s"), [(4, 3.0), (2, 1.7), (0.4, 0.2)])
def test_a_model_holds_a_note_for_its_own_length_without_the_release(model_s, held_s):
    longest = round(model_s * RATE)
    assert midi.longest_held_s(RATE, longest) == pytest.approx(held_s)
    envelope = midi.note_envelope(9, RATE, longest)
    assert np.flatnonzero(envelope == 1)[-1] == pytest.approx(held_s * RATE, abs=1)


def test_the_envelope_holds_at_most_3_seconds():
    assert len(midi.note_envelope(60.0, RATE, 4 * RATE)) == 3.3 * RATE


@pytest.mark.parametrize("length_s", [0.0, 0.001, 0.4, 9.0])
@pytest.mark.parametrize("longest", [2, 100, 400, 1000])
def test_the_envelope_fits_any_model(length_s, longest):
    envelope = midi.note_envelope(length_s, RATE, longest)
    assert 0 < len(envelope) <= longest
    assert 0 <= envelope.min() <= envelope.max() <= 1


class Constant:
    """A model of 4 s at 1000 Hz whose note is a constant: the first value of z."""

    pitches = tuple(range(24, 85))
    latent_size, audio_length, sample_rate = 8, 4 * RATE, RATE

    def __init__(self):
        self.calls = []

    def generate(self, z, pitches, *, conditions=None, length=None):
        self.calls.append(SimpleNamespace(pitches=list(pitches), length=length))
        return np.repeat(np.float32(z[:, :1]), length or self.audio_length, axis=1)


def render(*notes, values=None, model=None, **options):
    z = np.zeros((len(notes), 8))
    z[:, 0] = 1 if values is None else values
    return midi.render(model or Constant(), notes, z, **options)


class Tone(Constant):
    """A note is a tone of 100 Hz, or with z = 0 one that dies away."""

    def generate(self, z, pitches, *, conditions=None, length=None):
        time = np.arange(length or self.audio_length, dtype=np.float32) / RATE
        tone = np.sin(2 * np.pi * 100 * time).astype(np.float32)
        return np.stack([tone if value[0] else tone * np.exp(-8 * time, dtype=np.float32) for value in z])


def test_a_note_that_is_too_long_repeats_its_steady_part_in_phase():
    clip = render(MidiNote(0, 9, 60, 100), model=Tone(), repeat=True)
    assert len(clip) == 9.3 * RATE
    spectrum = np.abs(np.fft.rfft(clip[:8000]))
    assert np.argmax(spectrum) == 800
    assert spectrum[800] > 0.95 * 8000 / 2 * 0.5


def test_a_note_without_a_steady_part_is_cut_all_the_same():
    clip = render(MidiNote(0, 9, 60, 100), model=Tone(), values=[0], repeat=True)
    assert len(clip) == 3.3 * RATE


def test_a_note_repeats_for_a_minute_at_most():
    assert len(render(MidiNote(0, 9000, 60, 100), model=Tone(), repeat=True)) == 60.3 * RATE


def test_a_note_is_placed_at_its_start():
    clip = render(MidiNote(0.5, 1.5, 60, 127))
    assert len(clip) == 1.8 * RATE
    assert not clip[:500].any()
    assert clip[1000] == 0.5


def test_velocity_is_loudness():
    clip = render(MidiNote(0, 1, 60, 127), MidiNote(2, 3, 60, 64))
    assert clip[2500] / clip[500] == pytest.approx(64 / 127)


def test_each_note_is_scaled_to_the_same_peak():
    clip = render(MidiNote(0, 1, 60, 100), MidiNote(2, 3, 60, 100), values=[0.001, 50])
    assert clip[500] == pytest.approx(clip[2500])


def test_notes_are_added():
    clip = render(MidiNote(0, 3, 60, 100), MidiNote(1, 2, 62, 100))
    assert clip[1500] == pytest.approx(2 * clip[500])


def test_the_absolute_peak_is_half():
    assert render(MidiNote(0, 1, 60, 100), values=[-3]).min() == pytest.approx(-0.5)


def test_silence_stays_silence():
    assert not render(MidiNote(0, 1, 60, 100), values=[0]).any()


def test_a_note_without_an_end_does_not_make_the_clip_longer():
    assert len(render(*midi.read_notes(FOUND / "late_end_hanging.mid"))) == 5.8 * RATE


def test_the_clip_lasts_to_the_end_of_the_longest_note():
    assert len(render(MidiNote(0, 3, 60, 100), MidiNote(0.5, 1, 60, 100))) == 3.3 * RATE


@pytest.mark.parametrize("batch_size", [1, 3, 100])
def test_the_batch_size_changes_nothing(batch_size):
    notes = [MidiNote(i / 3, i / 3 + i, 40 + i, 10 * i + 5) for i in range(7)]
    values = np.linspace(0.5, 2, 7)
    assert np.allclose(render(*notes, values=values, batch_size=batch_size), render(*notes, values=values), atol=1e-6)


def test_pitches_reach_the_model_batch_by_batch():
    model = Constant()
    render(*(MidiNote(0, 2, 40 + i, 100) for i in range(5)), model=model, batch_size=2)
    assert [call.pitches for call in model.calls] == [[40, 41], [42, 43], [44]]


def test_short_notes_cost_a_quarter_of_the_model():
    model = Constant()
    render(MidiNote(0, 0.5, 60, 100), MidiNote(0, 3, 60, 100), model=model)
    assert [call.length for call in model.calls] == [1000, 4000]


def test_progress_counts_notes_to_the_end():
    seen = []
    render(*(MidiNote(0, 1, 60, 100) for _ in range(3)), batch_size=2, progress=lambda *counts: seen.append(counts))
    assert seen == [(0, 3), (2, 3), (3, 3)]


def test_progress_can_end_the_work():
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render(MidiNote(0, 1, 60, 100), progress=stop)


def test_no_notes_are_refused():
    with pytest.raises(ValueError, match="no notes"):
        render()


def test_a_clip_of_days_is_refused():
    with pytest.raises(ValueError, match="10800 s"):
        render(MidiNote(1e6, 1e6 + 1, 60, 100))


def test_a_note_after_two_hours_of_silence_needs_no_memory_for_copies():
    tracemalloc.start()
    clip = render(MidiNote(0, 1, 60, 100), MidiNote(7200, 7201, 60, 100))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 1.1 * clip.nbytes
    assert clip[[500, 7200 * RATE + 500]] == pytest.approx(0.5)
