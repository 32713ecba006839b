"""Notes of MIDI files: those that mido writes, and damaged ones."""

import struct
from pathlib import Path

import mido
import numpy as np
import pytest

from gansynth import midi
from gansynth.midi import MidiNote


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


def changed(path, place, content):
    """A MIDI file with other bytes from a place on."""
    old = path.read_bytes()
    path.write_bytes(old[:place] + content + old[place + len(content) :])
    return path


@pytest.mark.parametrize(("frames", "ticks", "end_s"), [(25, 40, 1.0), (24, 100, 1000 / 2400), (29, 40, 1.001 / 1.2)])
def test_time_in_film_frames_is_not_changed_by_a_tempo(tmp_path, frames, ticks, end_s):
    tempo = mido.MetaMessage("set_tempo", tempo=1_000_000)
    path = write(tmp_path / "film.mid", [(0, tempo), (0, on(60)), (1, off(60))], ticks_per_beat=500)
    (note,) = midi.read_notes(changed(path, 12, bytes([256 - frames, ticks])))
    assert (note.start_s, note.end_s) == (0, pytest.approx(end_s))


@pytest.mark.parametrize(("frames", "ticks"), [(77, 40), (25, 0)])
def test_film_frames_without_a_time_are_refused(tmp_path, frames, ticks):
    path = changed(write(tmp_path / "film.mid", [(0, on(60))]), 12, bytes([256 - frames, ticks]))
    with pytest.raises(ValueError, match=f"{frames} frames a second of {ticks} ticks; it must be 24, 25"):
        midi.read_notes(path)


@pytest.mark.parametrize("size", [0, 1, 9, 0x7FFFFFFF])
@pytest.mark.parametrize("place", [4, 18])
def test_a_wrong_size_of_a_part_loses_no_notes(tmp_path, place, size):
    path = write(
        tmp_path / "song.mid", [(0, on(60)), (1, off(60)), (1, on(62)), (2, off(62))], [(0, on(50)), (1, off(50))]
    )
    notes = midi.read_notes(changed(path, place, size.to_bytes(4, "big")))
    assert [note.pitch for note in notes] == [50, 60, 62]


def test_a_midi_file_lies_behind_other_parts_of_its_riff_file(tmp_path):
    content = write(tmp_path / "song.mid", [(0, on(60)), (1, off(60))]).read_bytes()
    parts = [(b"LIST", bytes(4001) + b"\0"), (b"data", content), (b"DLS ", bytes(9))]
    chunks = b"".join(name + struct.pack("<L", len(data) - (name == b"LIST")) + data for name, data in parts)
    (tmp_path / "song.mid").write_bytes(b"RIFF" + struct.pack("<L", len(chunks) + 4) + b"RMID" + chunks)
    assert midi.read_notes(tmp_path / "song.mid") == [MidiNote(0, 1, 60, 100)]


def test_what_programs_for_transport_put_before_a_file_is_skipped(tmp_path):
    path = write(tmp_path / "song.mid", [(0, on(60)), (1, off(60))])
    path.write_bytes(b"\0\x08song.mid" + bytes(118) + path.read_bytes())
    assert midi.read_notes(path) == [MidiNote(0, 1, 60, 100)]


def test_one_sequence_is_one_track(tmp_path):
    path = write(tmp_path / "one.mid", [(0, on(60)), (1, off(60))], kind=2)
    assert midi.read_notes(path) == [MidiNote(0, 1, 60, 100)]


def test_separate_sequences_are_refused(tmp_path):
    with pytest.raises(ValueError, match="type 2"):
        midi.read_notes(write(tmp_path / "two.mid", [(0, on(60))], [(0, on(60))], kind=2))
