"""The sound commands with a fake model; no sockets, no engine thread."""

from collections.abc import Callable
from dataclasses import astuple, dataclass

import numpy as np
import pytest
import soundfile
from recorded_request import RecordedRequest

from core.commands.limits import MAX_SLOTS
from gansynth.level import Level
from server.catalog import Catalog
from server.engine.request import Cancelled
from server.engine.work import EngineWork
from server.osc.packet import Message
from server.sinks.wav_spool import WavSink, WavSpool
from server.sounds.result import Context


class FakeModel:
    """Notes of one second at 1000 Hz, a constant each: the mean of z plus the pitch."""

    def __init__(self, folder, latent_size=4):
        self.name, self.pitches, self.latent_size = folder.name, (30, 31, 32, 40), latent_size
        self.audio_length = self.sample_rate = 1000

    def generate(self, z, pitches, *, conditions=None, length=None, progress=None):
        return np.stack(list(self.notes(z, pitches, length=length, progress=progress)))

    def notes(self, z, pitches, *, conditions=None, length=None, progress=None):
        report = progress or (lambda done, total: None)
        for done, level in enumerate(np.mean(z, axis=1, dtype=np.float32) + np.asarray(pitches, np.float32)):
            report(done, len(z))
            yield np.full(length or self.audio_length, level, np.float32)
        report(len(z), len(z))

    def warm_up(self):
        pass


class Listener:
    """Keeps what is reported to it."""

    def __init__(self):
        self.events = []

    def loaded(self, *facts):
        self.events.append(("loaded", *facts))

    def busy(self, busy):
        self.events.append(("busy", busy))

    def rendered(self, sound):
        self.events.append(("rendered", sound))


@dataclass
class Instrument:
    """Everything but sockets and threads."""

    ask: Callable
    catalog: Catalog
    work: EngineWork
    spool: WavSpool
    listener: Listener
    again: Callable

    @property
    def session(self):
        return self.work.session


@pytest.fixture
def instrument(tmp_path):
    """Send commands to work with the fake model loaded; `.session`, `.again()` for the next process."""
    for name in ("fake", "other"):
        (tmp_path / "models" / "gansynth" / name / "stage_00000").mkdir(parents=True)

    def make():
        sizes = {"fake": 4, "other": 6}
        catalog = Catalog((tmp_path / "models",), lambda folder: FakeModel(folder, sizes[folder.name]))
        spool, listener = WavSpool(tmp_path / "spool"), Listener()
        work = EngineWork(catalog, tmp_path / "state.npz", listener, idle=spool.clean)

        def ask(*message, rate=0):
            return work.perform(RecordedRequest(*message, sink=WavSink(spool, rate)))

        return Instrument(ask, catalog, work, spool, listener, make)

    instrument = make()
    instrument.ask("/sound/load", "fake")
    return instrument


def values(reply):
    return np.array(reply.args[1:], np.float32)


def test_load_reports_the_facts(instrument):
    loaded, level = instrument.ask("/sound/load", "fake")
    assert loaded == Message("/sound/loaded", ("fake", 1000, 1000, 4, 30, 31, 32, 40))
    assert (level.address, level.args[0]) == ("/sound/level", "fake")


def test_load_reports_the_gains_that_it_measured_and_keeps_them(instrument):
    level = instrument.ask("/sound/load", "fake")[1]
    assert level.args[1:] == astuple(instrument.session.level)
    assert all(-60 <= gain <= 40 for gain in level.args[1:3])


def test_sounds_carry_the_gain_of_their_kind_and_stay_as_they_are(instrument):
    level = instrument.session.level
    instrument.ask("/sound/randomize_z", "a")
    instrument.ask("/sound/synthesize", "a", "note", 40)
    instrument.ask("/sound/hallucinate", "path", 2, 1)
    note, path = (event[1] for event in instrument.listener.events if event[0] == "rendered")
    assert (note.gain_db, path.gain_db) == (level.note_db, level.hallucination_db)
    assert np.abs(note.wave).max() > 35 and np.abs(path.wave).max() == pytest.approx(0.5)


def test_the_model_of_the_start_is_measured_too(instrument):
    measured = instrument.session.level
    second = instrument.again()
    second.work.prepare()
    assert second.session.level == measured


def test_a_loaded_model_is_read_again_only_if_its_files_changed(instrument, tmp_path):
    model, folder = instrument.session.model, tmp_path / "models" / "gansynth" / "fake"
    instrument.ask("/sound/load", "fake")
    (folder / "fake_conv0.npz").touch()
    instrument.ask("/sound/load", str(folder))
    assert instrument.session.model is model
    (folder / "stage_00000" / "checkpoint").touch()
    instrument.ask("/sound/load", "fake")
    assert instrument.session.model is not model


def test_a_model_is_measured_once_unless_its_files_change(instrument, monkeypatch, tmp_path):
    measured = []
    monkeypatch.setattr("server.sounds.models.measure", lambda model, progress: measured.append(model) or Level(3.0))
    for name in ("other", "fake", "other"):
        instrument.ask("/sound/load", name)
    assert [model.name for model in measured] == ["other"]


def test_a_model_is_read_again_after_unloading(instrument):
    model = instrument.session.model
    instrument.ask("/sound/unload")
    instrument.ask("/sound/load", "fake")
    assert instrument.session.model is not model


def test_a_missing_checkpoint_names_the_option_and_keeps_the_model(instrument):
    with pytest.raises(OSError, match="--models"):
        instrument.ask("/sound/load", "nothing")
    assert instrument.session.model.name == "fake"


@pytest.mark.parametrize("name", ["..", "../..", ".", "/etc", "../gansynth/../../spool", "x" * 250, "a/b", "~"])
def test_paths_stay_inside_the_models_folders(instrument, name):
    with pytest.raises(FileNotFoundError):
        instrument.ask("/sound/load", name)


def test_links_out_of_the_models_folders_are_not_followed(instrument, tmp_path):
    (tmp_path / "outside" / "stage_00000").mkdir(parents=True)
    (tmp_path / "models" / "gansynth" / "link").symlink_to(tmp_path / "outside")
    with pytest.raises(FileNotFoundError, match="is a link that leads out"):
        instrument.ask("/sound/load", "link")


def test_an_absolute_path_inside_is_a_checkpoint(instrument, tmp_path):
    loaded, _ = instrument.ask("/sound/load", str(tmp_path / "models" / "gansynth" / "other"))
    assert loaded.args[0] == "other"


def test_an_absolute_path_outside_is_none(instrument, tmp_path):
    (tmp_path / "outside" / "stage_00000").mkdir(parents=True)
    with pytest.raises(FileNotFoundError):
        instrument.ask("/sound/load", str(tmp_path / "outside"))


def test_unload_lets_the_model_go_and_keeps_the_slots(instrument):
    instrument.ask("/sound/randomize_z", "a")
    assert instrument.ask("/sound/unload") == [Message("/sound/unloaded")]
    assert (instrument.session.model, list(instrument.session.slots)) == (None, ["a"])


@pytest.mark.parametrize(
    "message",
    [
        ("/sound/randomize_z", "a"),
        ("/sound/set_z", "a", 1, 2, 3, 4),
        ("/sound/synthesize", "a", "t", 32),
        ("/sound/hallucinate", "t", 3, 3),
        ("/sound/hallucinate_z", "t", 3, 0.1, 0, 0.1, 0.1, 0.1, 32, "a"),
    ],
)
def test_without_a_model_commands_fail(instrument, message):
    instrument.ask("/sound/unload")
    with pytest.raises(ValueError, match="no model is loaded"):
        instrument.ask(*message)


def test_randomize_z_returns_each_slot(instrument):
    replies = instrument.ask("/sound/randomize_z", "a", "b")
    assert [(reply.address, reply.args[0], len(reply.args)) for reply in replies] == [
        ("/sound/z", "a", 5),
        ("/sound/z", "b", 5),
    ]


def test_a_seed_repeats_the_latents(instrument):
    instrument.ask("/sound/seed", 5)
    first = instrument.ask("/sound/randomize_z", "a", "b")
    instrument.ask("/sound/seed", 5)
    assert instrument.ask("/sound/randomize_z", "a", "b") == first


def test_a_slot_holds_what_was_set(instrument):
    instrument.ask("/sound/set_z", "a", 1, 2, 3.5, -4)
    assert instrument.session.slots["a"].tolist() == [1, 2, 3.5, -4]


def test_a_latent_of_the_wrong_size_is_refused(instrument):
    with pytest.raises(ValueError, match="needs 4 values per slot, not 3"):
        instrument.ask("/sound/set_z", "a", 1, 2, 3)


@pytest.mark.parametrize(("amount", "slot"), [(0, "a"), (1, "b")])
def test_slerp_is_exact_at_its_ends(instrument, amount, slot):
    instrument.ask("/sound/randomize_z", "a", "b")
    (reply,) = instrument.ask("/sound/slerp_z", "a", "b", "c", amount)
    assert values(reply).tolist() == instrument.session.slots[slot].tolist()


def test_slerp_of_a_missing_slot_names_it(instrument):
    instrument.ask("/sound/randomize_z", "a")
    with pytest.raises(ValueError, match="no slot 'b'"):
        instrument.ask("/sound/slerp_z", "a", "b", "c", 0.5)


def test_a_new_slot_beyond_the_limit_replaces_the_one_unused_for_longest(instrument):
    instrument.ask("/sound/randomize_z", *[f"s{number}" for number in range(MAX_SLOTS)])
    instrument.ask("/sound/slerp_z", "s0", "s2", "s2", 0.5)
    instrument.ask("/sound/randomize_z", "one more")
    assert len(instrument.session.slots) == MAX_SLOTS
    assert {"s0", "s2", "one more"} < instrument.session.slots.keys()
    assert "s1" not in instrument.session.slots


def test_randomize_z_is_all_or_nothing(instrument, monkeypatch):
    instrument.ask("/sound/randomize_z", "s0")
    before = {name: z.tolist() for name, z in instrument.session.slots.items()}
    numbers = instrument.session.random

    def cancelled(request):
        raise Cancelled("at the last moment")

    monkeypatch.setattr(RecordedRequest, "commit", cancelled)
    with pytest.raises(Cancelled):
        instrument.ask("/sound/randomize_z", "s0", "new")
    assert {name: z.tolist() for name, z in instrument.session.slots.items()} == before
    assert instrument.session.random == numbers


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


def test_a_slot_for_another_latent_size_is_kept_but_not_used(instrument):
    instrument.ask("/sound/randomize_z", "a")
    instrument.ask("/sound/load", "other")
    with pytest.raises(ValueError, match="has 4 values, but other needs 6"):
        instrument.ask("/sound/synthesize", "a", "t", 30)
    instrument.ask("/sound/load", "fake")
    assert instrument.ask("/sound/synthesize", "a", "t", 30)


def test_slerp_between_sizes_is_refused(instrument):
    instrument.ask("/sound/randomize_z", "a")
    instrument.ask("/sound/load", "other")
    instrument.ask("/sound/randomize_z", "b")
    with pytest.raises(ValueError, match="4 and 6 values"):
        instrument.ask("/sound/slerp_z", "a", "b", "c", 0.5)


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


def test_a_cancelled_request_changes_nothing(instrument):
    request = RecordedRequest("/sound/randomize_z", "a", sink=WavSink(instrument.spool))
    request.cancel()
    with pytest.raises(Cancelled):
        instrument.work.perform(request)
    assert not instrument.session.slots


def test_slots_seed_and_model_come_back(instrument):
    instrument.ask("/sound/seed", 9)
    instrument.ask("/sound/randomize_z", "a")
    again = instrument.again()
    again.work.reload(None)
    assert again.session.slots["a"].tolist() == instrument.session.slots["a"].tolist()
    assert (again.session.model.name, again.session.seed) == ("fake", 9)
    assert again.ask("/sound/randomize_z", "b") == instrument.ask("/sound/randomize_z", "b")


def test_the_model_named_at_the_start_comes_back(instrument):
    instrument.again().work.reload("other")
    again = instrument.again()
    again.work.reload(None)
    assert again.session.model.name == "other"


def test_an_unloaded_model_does_not_come_back(instrument):
    instrument.ask("/sound/unload")
    again = instrument.again()
    again.work.reload(None)
    assert again.session.model is None


def test_a_model_that_is_gone_is_a_log_line(instrument, tmp_path, caplog):
    (tmp_path / "models" / "gansynth" / "fake" / "stage_00000").rmdir()
    again = instrument.again()
    again.work.reload(None)
    assert again.session.model is None
    assert "without a model" in caplog.text


def test_a_state_that_cannot_be_written_is_reported_once_and_saved_when_it_can_be(instrument, tmp_path, caplog):
    (tmp_path / "state.npz").unlink()
    (tmp_path / "state.npz").mkdir()
    instrument.ask("/sound/randomize_z", "a")
    instrument.ask("/sound/randomize_z", "b")
    assert "state.npz" in instrument.work.unsaved
    assert caplog.text.count("cannot be saved, playing on") == 1
    (tmp_path / "state.npz").rmdir()
    instrument.work.idle()
    assert (instrument.work.unsaved, list(instrument.again().session.slots)) == ("", ["a", "b"])


def test_a_request_that_is_cancelled_at_the_last_moment_leaves_no_file(instrument, tmp_path, monkeypatch):
    def cancelled(request):
        raise Cancelled("at the last moment")

    monkeypatch.setattr(RecordedRequest, "commit", cancelled)
    with pytest.raises(Cancelled):
        instrument.ask("/sound/hallucinate", "t", 2, 1)
    assert not list((tmp_path / "spool").iterdir())


def test_a_model_that_is_gone_stays_in_the_file_until_another_one_replaces_it(instrument, tmp_path):
    (tmp_path / "models").rename(tmp_path / "away")
    instrument.again().ask("/sound/seed", 5)
    (tmp_path / "away").rename(tmp_path / "models")
    back = instrument.again()
    back.work.prepare()
    assert (back.session.model.name, back.session.seed) == ("fake", 5)
    gone = instrument.again()
    gone.ask("/sound/unload")
    assert instrument.again().session.setup.model is None


def test_models_work_and_sounds_are_reported(instrument):
    instrument.listener.events.clear()
    instrument.ask("/sound/load", "other")
    instrument.ask("/sound/randomize_z", "a")
    instrument.ask("/sound/synthesize", "a", "t", 30)
    kinds = [event[0] for event in instrument.listener.events]
    assert kinds == ["busy", "busy", "loaded", "busy", "busy", "busy", "busy", "rendered"]
    assert instrument.listener.events[2] == ("loaded", "other", 6, 1000)
    sound = instrument.listener.events[-1][1]
    assert (sound.target, sound.kind, sound.pitch, sound.sample_rate) == ("t", "note", 30, 1000)
    np.testing.assert_array_equal(sound.keys[0], instrument.session.slots["a"])


def test_a_sound_that_failed_is_not_reported(instrument):
    instrument.listener.events.clear()
    with pytest.raises(ValueError, match="no slot"):
        instrument.ask("/sound/synthesize", "missing", "t", 30)
    assert instrument.listener.events == [("busy", True), ("busy", False)]


def test_a_function_changes_nothing_itself(instrument):
    instrument.ask("/sound/randomize_z", "a")
    before = instrument.session
    context = Context(before, instrument.catalog)
    request = RecordedRequest("/sound/hallucinate", "t", 2, 1)
    first, second = (request.handler(context, request) for _ in range(2))
    np.testing.assert_array_equal(first.sounds[0].wave, second.sounds[0].wave)
    assert first.session.random == second.session.random != before.random
    assert instrument.session is before
    assert list(instrument.spool.folder.iterdir()) == []
