"""MIDI files written by mido, played on a model whose notes are known exactly."""

import tracemalloc
from pathlib import Path
from types import SimpleNamespace

import mido
import numpy as np
import pytest

from core.latent.interpolation import slerp
from gansynth import midi
from gansynth.midi import MidiNote

RATE = 1000


def write(path, *tracks, ticks_per_beat=480, kind=1):
    """A MIDI file; a track is a list of (seconds at 120 beats a minute, message)."""
    file = mido.MidiFile(type=kind, ticks_per_beat=ticks_per_beat)
    for messages in tracks:
        track, now = file.add_track(), 0
        for seconds, message in messages:
            tick = round(seconds * 2 * ticks_per_beat)
            track.append(message.copy(time=tick - now))
            now = tick
    file.save(path)
    return path


def on(pitch, velocity=100, channel=0):
    return mido.Message("note_on", note=pitch, velocity=velocity, channel=channel)


def off(pitch, channel=0):
    return mido.Message("note_off", note=pitch, channel=channel)


@pytest.fixture
def read(tmp_path):
    return lambda *tracks: midi.read_notes(write(tmp_path / "file.mid", *tracks))


def test_a_note_has_start_end_pitch_and_velocity(read):
    assert read([(0.5, on(60, 90)), (1.25, off(60))]) == [MidiNote(0.5, 1.25, 60, 90)]


def test_a_note_on_of_velocity_0_ends_a_note(read):
    assert read([(0, on(60)), (0.5, on(60, 0))]) == [MidiNote(0, 0.5, 60, 100)]


def test_seconds_follow_tempo_changes_from_another_track(read):
    slower = mido.MetaMessage("set_tempo", tempo=1_000_000)  # 60 beats a minute from the second second on
    notes = read([(1, slower)], [(0, on(60)), (2, off(60)), (2, on(62)), (3, off(62))])
    assert [(note.start_s, note.end_s) for note in notes] == [(0, 3), (3, 5)]


def test_overlapping_notes_of_one_pitch_end_in_the_order_they_began(read):
    notes = read([(0, on(60, 10)), (1, on(60, 20)), (2, off(60)), (3, off(60))])
    assert notes == [MidiNote(0, 2, 60, 10), MidiNote(1, 3, 60, 20)]


def test_the_same_pitch_on_two_channels_is_two_notes(read):
    notes = read([(0, on(60, 10)), (0, on(60, 20, channel=1)), (1, off(60, channel=1)), (2, off(60))])
    assert {(note.velocity, note.end_s) for note in notes} == {(10, 2), (20, 1)}


def test_drums_are_left_out(read):
    assert read([(0, on(60, channel=9)), (1, off(60, channel=9))]) == []


def test_a_note_without_an_end_lasts_to_the_end_of_the_file(read):
    end = mido.MetaMessage("end_of_track")
    assert read([(0, on(60)), (4, end)]) == [MidiNote(0, 4, 60, 100)]


def test_a_note_off_without_a_note_is_ignored(read):
    assert read([(0, off(60)), (1, on(60)), (2, off(60))]) == [MidiNote(1, 2, 60, 100)]


def test_notes_come_by_start_time(read):
    notes = read([(1, on(60)), (2, off(60))], [(0, on(50)), (3, off(50))])
    assert [note.pitch for note in notes] == [50, 60]


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no MIDI file .*none\.mid"):
        midi.read_notes(tmp_path / "none.mid")


@pytest.mark.parametrize(
    "content", [b"", b"RIFF nothing of the kind", b"MThd\0\0\0\6\0\1\0\1\1\xe0MTrk\0\0\0\x0a\0\x90"]
)
def test_a_file_that_is_not_a_midi_file_is_named(tmp_path, content):
    path = tmp_path / "song.mid"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"song\.mid"):
        midi.read_notes(path)


FOUND = Path(__file__).parent / "data" / "found" / "midi"
MELODY = [MidiNote(i / 2, (i + 1) / 2, pitch, 90) for i, pitch in enumerate([57, 60, 64, 67, 69])]


@pytest.mark.parametrize(
    ("name", "skipped"),
    [
        ("claims_17_tracks", "15 of 17 tracks, which are missing"),
        ("key_sig_minus_8", ""),
        ("rmid_wrapper", ""),
        ("smpte_offset_bad", ""),
        ("time_sig_short", ""),
        ("track_len_too_long", ""),
        ("xf_chunk_first", "an unknown part, XFIH"),
    ],
)
def test_what_is_not_needed_is_skipped_and_what_is_lost_is_said_in_one_line(caplog, name, skipped):
    path = FOUND / f"{name}.mid"
    assert midi.read_notes(path) == MELODY
    assert [record.getMessage() for record in caplog.records] == ([f"{path}: skipped {skipped}"] if skipped else [])


def test_running_status_holds_on_past_meta_and_system_messages():
    assert midi.read_notes(FOUND / "running_status_sysex.mid") == MELODY[:3]


def test_a_note_without_an_end_is_reported(caplog):
    notes = midi.read_notes(FOUND / "late_end_hanging.mid")
    assert notes == [*MELODY, MidiNote(2.5, 14402.5, 60, 64)]
    assert "1 of 6 notes have no end" in caplog.text


def test_a_note_without_an_end_does_not_make_the_clip_longer():
    assert len(render(*midi.read_notes(FOUND / "late_end_hanging.mid"))) == 5.8 * RATE


def test_a_beat_without_ticks_is_refused():
    with pytest.raises(ValueError, match="divides a beat into 0 ticks"):
        midi.read_notes(FOUND / "division_zero.mid")


def test_of_a_track_that_breaks_off_the_notes_before_are_kept(tmp_path, caplog):
    path = write(tmp_path / "song.mid", [(0, on(60)), (1, off(60)), (1, on(62)), (2, off(62))], [(0, on(50))])
    content = path.read_bytes()
    end = content.index(b"MTrk", 20)
    damaged = content[: end - 8] + bytes([0xFF] * 8) + content[end:]
    path.write_bytes(damaged)
    assert [note.pitch for note in midi.read_notes(path)] == [50, 60, 62]
    assert "skipped the rest of track 1, which is damaged" in caplog.text


def test_a_track_that_claims_to_be_longer_does_not_hide_the_next_one(tmp_path):
    path = write(tmp_path / "song.mid", [(0, on(60)), (1, off(60))], [(0, on(50)), (1, off(50))])
    content = bytearray(path.read_bytes())
    content[21] += 3
    path.write_bytes(content)
    assert [note.pitch for note in midi.read_notes(path)] == [50, 60]


@pytest.mark.parametrize("seed", range(30))
def test_damaged_bytes_give_notes_or_one_sentence(tmp_path, seed):
    rng = np.random.default_rng(seed)
    content = np.frombuffer((FOUND / "claims_17_tracks.mid").read_bytes(), np.uint8).copy()
    content[rng.integers(0, len(content), 4)] = rng.integers(0, 256, 4)
    (tmp_path / "song.mid").write_bytes(content)
    try:
        notes = midi.read_notes(tmp_path / "song.mid")
    except ValueError as error:
        assert "song.mid" in str(error)
    else:
        assert all(note.end_s >= note.start_s and note.pitch <= 127 for note in notes)


def test_time_in_film_frames_is_refused(tmp_path):
    path = write(tmp_path / "film.mid", [(0, on(60))])
    content = bytearray(path.read_bytes())
    content[12:14] = bytes([256 - 25, 40])
    path.write_bytes(content)
    with pytest.raises(ValueError, match="film frames"):
        midi.read_notes(path)


def test_separate_sequences_are_refused(tmp_path):
    with pytest.raises(ValueError, match="type 2"):
        midi.read_notes(write(tmp_path / "two.mid", [(0, on(60))], [(0, on(60))], kind=2))


def test_playable_keeps_the_pitches_of_the_model():
    notes = [MidiNote(0, 1, pitch, 100) for pitch in (10, 40, 100)]
    assert midi.playable(notes, range(24, 85)) == notes[1:2]


def latents(*starts_s, secs=6.0, seed=0):
    return midi.note_latents([MidiNote(s, s + 1, 60, 100) for s in starts_s], secs, 8, np.random.default_rng(seed))


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
