"""The note that comes nearest to a recording: the search itself, the bank where it starts, the command, the program."""

import shutil

import numpy as np
import pytest
import soundfile
from conftest import SMALL
from recorded_request import RecordedRequest

import gansynth
from core.files.user_folders import shipped
from gansynth import matching, note_bank
from gansynth.timbre import Timbre, distance, from_onset
from scripts import hallu_match
from server.catalog import Catalog
from server.engine.request import Cancelled
from server.session import Session
from server.sounds.result import Context

RATE = 16000


@pytest.fixture
def small(tmp_path, monkeypatch):
    """Magenta's small checkpoint in a folder of its own, banks of 20 notes, and a short search."""
    monkeypatch.setattr(note_bank, "COUNT", 20)
    monkeypatch.setattr(matching, "_ROUNDS", 1)
    shutil.copytree(SMALL, tmp_path / "gansynth" / "magenta_small")
    return gansynth.load(tmp_path / "gansynth" / "magenta_small")


class Short:
    """The voice that ships, with notes of a quarter of a second."""

    def __init__(self):
        self.model = gansynth.load(shipped("models") / "gansynth" / "fluid")
        self.sample_rate, self.audio_length = RATE, RATE // 4

    def notes(self, z, pitches, *, length=RATE // 4, **options):
        return self.model.notes(z, pitches, length=length, **options)


def test_a_note_of_the_model_is_found_far_nearer_than_the_nearest_of_1000_random_ones():
    model, timbre = Short(), Timbre(RATE, RATE // 4)
    keys = np.random.default_rng(8).standard_normal((1001, 256)).astype(np.float32)
    note, *others = model.notes(keys, [52] * 1001)
    bank = note_bank.NoteBank(keys[1:], np.full(1000, 52), np.stack([timbre.of(other) for other in others]))
    nearest = distance(bank.timbres, timbre.of(note)).min()
    found = matching.match(model, bank, 0.1 * note, 52)
    assert found.distance_db < 0.75 * nearest
    (again,) = model.notes(found.z[None], [52])
    assert distance(timbre.of(again), timbre.of(note)) == pytest.approx(found.distance_db, abs=0.01)


def tone(hertz, seconds=1.0):
    return 0.3 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE)) / RATE)


def test_the_level_does_not_count():
    timbre = Timbre(RATE, RATE)
    assert distance(timbre.of(0.01 * tone(440)), timbre.of(tone(440))) < 0.05
    assert distance(timbre.of(tone(880)), timbre.of(tone(440))) > 5


@pytest.mark.parametrize(("hertz", "pitch"), [(440, 69), (447, 69), (220, 57), (1760, 69), (55, 57)])
def test_the_pitch_is_found_and_moved_by_octaves_into_the_range(hertz, pitch):
    assert matching.pitch_of(tone(hertz), RATE, range(50, 77)) == pitch


def test_a_sound_that_has_died_away_early_has_the_pitch_of_its_beginning():
    assert matching.pitch_of(np.append(tone(440, 0.09), np.zeros(2 * RATE)), RATE, range(50, 77)) == 69


def test_a_sound_without_a_pitch_gets_the_middle_one():
    assert matching.pitch_of(np.append(0.002, np.zeros(RATE)), RATE, range(50, 77)) == 63


def test_the_level_of_a_recording_is_left_out_however_high_it_is(tmp_path):
    soundfile.write(tmp_path / "a.wav", 1e30 * tone(440), RATE, subtype="FLOAT")
    assert np.abs(matching.read_recording(tmp_path / "a.wav", RATE)).max() == pytest.approx(1)


def test_silence_before_a_sound_does_not_count(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.concatenate([np.zeros(3 * RATE), tone(440)]), RATE, subtype="FLOAT")
    read = matching.read_recording(tmp_path / "a.wav", RATE)
    assert len(read) == pytest.approx(RATE, abs=20)


def test_a_silent_file_is_refused(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(RATE), RATE)
    with pytest.raises(ValueError, match=r"a\.wav: there is only silence in it"):
        matching.read_recording(tmp_path / "a.wav", RATE)


def test_a_click_is_followed_by_silence():
    assert len(from_onset(np.ones(3, np.float32), RATE)) == RATE // 4


def test_a_bank_is_kept_with_the_model_and_read_again(small):
    bank = note_bank.compute(small, 20)
    note_bank.save(small, bank)
    assert note_bank.file_of(small) == small.folder / "magenta_small_notes.npz"
    read = note_bank.load(small)
    for one, other in ((bank.z, read.z), (bank.pitches, read.pitches), (bank.timbres, read.timbres)):
        assert np.array_equal(one, other)


def test_the_bank_of_a_model_that_ships_is_in_the_cache():
    fluid = gansynth.load(shipped("models") / "gansynth" / "fluid")
    assert not note_bank.file_of(fluid).is_relative_to(fluid.folder)


def test_a_damaged_bank_is_computed_again(small):
    note_bank.file_of(small).write_bytes(b"PK\3\4 nonsense")
    assert note_bank.load(small) is None
    matching.find(small, small.generate(np.ones((1, small.latent_size)), [40])[0], 40)
    assert len(note_bank.load(small).pitches) == 20


def test_a_bank_of_other_weights_is_not_used(small):
    note_bank.save(small, note_bank.compute(small, 20))
    small.checksum = "other"
    assert note_bank.load(small) is None


@pytest.fixture
def ask(small, tmp_path):
    """Handle a /sound/match with the small model loaded: the request, and what is to be done with it."""
    session = Session.seeded(1).with_model(small, small.folder)

    def ask(*args, sounds=None):
        request = RecordedRequest("/sound/match", *args)
        context = Context(session, Catalog((tmp_path,), gansynth.load, sounds))
        return request, lambda: request.handler(context, request)

    return ask


@pytest.fixture
def recording(small, tmp_path):
    path = tmp_path / "my voice.flac"
    wave = small.generate(np.full((1, small.latent_size), 0.3), [47])[0]
    soundfile.write(path, wave / np.abs(wave).max(), small.sample_rate)
    return str(path)


def test_the_command_fills_the_slot_and_reports_progress(ask, recording):
    request, work = ask("here", recording, 47)
    result = work()
    z, pitched, matched = result.replies
    assert (z.address, z.args[0], pitched.args) == ("/sound/z", "here", ("here", 47))
    assert np.array_equal(result.session.slots["here"], np.array(z.args[1:], np.float32))
    assert (matched.address, matched.args[:2]) == ("/sound/matched", ("here", recording))
    assert {reply.args[1] for reply in request.replies} == {"here"}
    done, total = request.replies[-1].args[2:]
    assert done == total == 20 + matching.note_count(len(result.session.slots["here"]))


def test_the_command_can_be_cancelled_by_its_slot(ask, recording):
    request, work = ask("here", recording)
    assert request.command.targets == ("here",)
    request.cancel()
    with pytest.raises(Cancelled):
        work()


@pytest.mark.parametrize(
    ("name", "reason"), [("voice.flac", "must be absolute"), ("/nowhere/a.wav", "no sound file '/nowhere/a.wav'")]
)
def test_a_wrong_path_is_named(ask, name, reason):
    with pytest.raises((ValueError, OSError), match=reason):
        ask("here", name)[1]()


def test_for_other_machines_paths_stay_inside_the_spool(ask, recording, tmp_path):
    with pytest.raises(FileNotFoundError, match="clients may name"):
        ask("here", recording, sounds=(tmp_path / "spool",))[1]()


def test_a_pitch_that_the_model_lacks_is_named(ask, recording):
    with pytest.raises(ValueError, match="pitch 12"):
        ask("here", recording, 12)[1]()


def test_hallu_match_writes_key_points_and_their_notes(small, recording, tmp_path, capsys):
    words = [recording, recording, "--model", str(small.folder), "--pitch", "47", "--out", str(tmp_path / "keys.npy")]
    assert hallu_match.main(words) == 0
    keys = np.load(tmp_path / "keys.npy")
    assert keys.shape == (2, small.latent_size) and np.array_equal(*keys)
    assert soundfile.info(tmp_path / "keys.wav").frames == 2 * small.audio_length
    assert "pitch 47" in capsys.readouterr().out
    assert hallu_match.main(words) == 0
    assert (tmp_path / "keys-2.npy").exists()
