"""Sessions by name: what is set comes back, on this machine or another one, and what is missing is named."""

import json
import shutil

import numpy as np
import pytest
from conftest import DATA, SMALL, RunningServer, free_pair, running_with
from recorded_request import RecordedRequest
from waiting import until

import gansynth
from server.catalog import Catalog
from server.engine.work import EngineWork
from server.session_folders import SessionFolders
from server.sinks.wav_spool import WavSink, WavSpool


class Listener:
    """Hears nothing."""

    def loaded(self, *facts):
        pass

    def busy(self, busy):
        pass

    def rendered(self, sound):
        pass


class Instrument:
    """Everything but sockets and threads, with a renderer in the test's hand."""

    def __init__(self, folder, models, errors=None):
        self.images, self.asked, self.errors = folder / "images.json", [], errors or {}
        self.folders = SessionFolders(folder / "sessions", self.images)
        self.spool = WavSpool(folder / "spool")
        tools = {"sessions": self.folders, "ask_renderer": self.answer, "idle": self.spool.clean}
        self.work = EngineWork(Catalog((models,), gansynth.load), folder / "state.npz", Listener(), **tools)

    def answer(self, address, values, answer):
        self.asked.append((address, dict(values)))
        answer([], self.errors.get(address, ""))

    def set_images(self, *rows):
        rows = [{"address": address, "values": values} for address, values in rows]
        self.images.write_text(json.dumps({"version": 1, "settings": rows}))

    def ask(self, *message):
        replies = self.work.perform(RecordedRequest(*message, sink=WavSink(self.spool, 0)))
        return [(reply.address, *reply.args) for reply in replies]

    @property
    def session(self):
        return self.work.session


@pytest.fixture
def instrument(tmp_path, band):
    (tmp_path / "here").mkdir()
    instrument = Instrument(tmp_path / "here", band)
    instrument.ask("/sound/load", "band")
    instrument.ask("/sound/condition", "family", "brass")
    instrument.ask("/sound/randomize_z", "a", "b")
    return instrument


def test_slots_model_conditions_and_random_numbers_come_back(instrument):
    before = instrument.session
    assert instrument.ask("/session/save", "my set") == [("/session/saved", "my set")]
    instrument.ask("/sound/randomize_z", "a", "other")
    instrument.ask("/sound/unload")
    replies = instrument.ask("/session/load", "my set")
    assert [reply[:2] for reply in replies if reply[0] != "/sound/level"] == [
        ("/sound/loaded", "band"),
        ("/sound/conditioned", "family"),
    ]
    after = instrument.session
    assert np.array_equal(after.slots["a"], before.slots["a"]) and "other" in after.slots
    assert (after.conditions, after.seed, after.random) == (before.conditions, before.seed, before.random)


def test_a_session_is_one_folder_that_works_on_another_machine(instrument, tmp_path, band):
    instrument.set_images(("/image/load", {"name": str(tmp_path / "models" / "biggan" / "sea")}))
    instrument.ask("/session/save", "trip")
    assert str(tmp_path).encode() not in b"".join(
        path.read_bytes() for path in (tmp_path / "here" / "sessions" / "trip").iterdir()
    )
    shutil.copytree(band, tmp_path / "elsewhere" / "models")
    shutil.copytree(tmp_path / "here" / "sessions", tmp_path / "elsewhere" / "sessions")
    other = Instrument(tmp_path / "elsewhere", tmp_path / "elsewhere" / "models")
    other.ask("/session/load", "trip")
    assert other.session.model.name == "band" and set(other.session.slots) == {"a", "b"}
    assert other.asked == [("/image/load", {"name": "sea"})]


def test_a_model_that_is_missing_is_named_and_the_rest_is_set(instrument, tmp_path):
    instrument.set_images(("/image/load", {"name": "sea"}), ("/image/jitter", {"value": 0.1}))
    instrument.ask("/session/save", "trip")
    (tmp_path / "none").mkdir()
    shutil.copytree(tmp_path / "here" / "sessions", tmp_path / "none" / "sessions")
    other = Instrument(tmp_path / "none", tmp_path / "none", {"/image/load": "no image model 'sea'"})
    sound, images = other.ask("/session/load", "trip")
    assert sound[:3] == ("/session/missing", "sound", "band") and "no checkpoint 'band'" in sound[3]
    assert images == ("/session/missing", "/image/load", "sea", "no image model 'sea'")
    assert set(other.session.slots) == {"a", "b"}
    assert other.asked[1] == ("/image/jitter", {"value": 0.1})


@pytest.mark.parametrize(("value", "reason"), [("NaN", "finite number, not nan"), ("1e999", "finite number, not inf")])
def test_a_value_that_cannot_be_sent_is_named_and_the_rest_is_set(instrument, value, reason):
    instrument.set_images(("/image/jitter", {"value": float(value)}), ("/image/smooth", {"value": 0.5}))
    instrument.ask("/session/save", "trip")
    (missing,) = [reply for reply in instrument.ask("/session/load", "trip") if reply[0] == "/session/missing"]
    assert missing == ("/session/missing", "/image/jitter", "-", f"value must be a {reason}")
    assert instrument.asked == [("/image/smooth", {"value": 0.5})]


def test_a_session_that_was_mailed_records_nothing(instrument):
    instrument.set_images(("/image/record", {"what": "start", "file": "a.mp4"}))
    instrument.ask("/session/save", "trip")
    assert instrument.ask("/session/load", "trip")[-1][1::2] == (
        "/image/record",
        "/image/record is not a setting of the images",
    )
    assert not instrument.asked


def test_what_is_not_in_the_session_is_switched_off(instrument):
    instrument.set_images(("/image/bend", {"number": 1, "layer": "rgb"}))
    instrument.ask("/session/save", "trip")
    mapped = ("/image/map", {"control": "edit", "word": ["3", "level"]})
    instrument.set_images(mapped, ("/image/bend", {"number": 2}), ("/image/classes", {"class": ["7"]}))
    instrument.ask("/session/load", "trip")
    assert instrument.asked == [
        ("/image/bend", {"number": 2}),
        ("/image/classes", {"class": []}),
        ("/image/map", {"control": "edit", "word": ["3"]}),
        ("/image/bend", {"number": 1, "layer": "rgb"}),
    ]


def test_images_alone_are_a_preset_and_the_sound_stays(instrument):
    instrument.set_images(("/image/jitter", {"value": 0.1}))
    instrument.ask("/session/save", "dawn")
    instrument.ask("/sound/randomize_z", "a")
    before = instrument.session
    assert instrument.ask("/session/load", "dawn", "images") == []
    assert instrument.session is before
    assert instrument.asked == [("/image/jitter", {"value": 0.1})]


def test_the_sound_alone_leaves_the_images(instrument):
    instrument.set_images(("/image/jitter", {"value": 0.1}))
    instrument.ask("/session/save", "dawn")
    saved = instrument.session.slots["a"]
    instrument.ask("/sound/randomize_z", "a")
    instrument.ask("/session/load", "dawn", "sound")
    assert np.array_equal(instrument.session.slots["a"], saved) and instrument.asked == []


def test_without_a_renderer_that_is_said_once(instrument):
    instrument.errors = {"/image/jitter": "no renderer is connected"}
    instrument.set_images(("/image/jitter", {"value": 0.1}), ("/image/smooth", {"value": 0.1}))
    instrument.ask("/session/save", "trip")
    missing = [reply for reply in instrument.ask("/session/load", "trip") if reply[0] == "/session/missing"]
    assert missing == [("/session/missing", "images", "-", "no renderer is connected")]


def test_sessions_are_listed_replaced_and_deleted(instrument):
    for name in ("b", "a", "b"):
        instrument.ask("/session/save", name)
    assert instrument.ask("/session/list") == [("/session/names", "a", "b")]
    instrument.ask("/session/delete", "a")
    assert instrument.ask("/session/list") == [("/session/names", "b")]


@pytest.mark.parametrize("command", ["/session/load", "/session/delete"])
def test_a_session_that_is_not_there_is_named(instrument, command):
    instrument.ask("/session/save", "trip")
    with pytest.raises(FileNotFoundError, match="no session 'nothing'; there are: trip"):
        instrument.ask(command, "nothing")


@pytest.mark.parametrize("name", ["../a", "a/b", ".hidden", "a\\b", "end.", "x" * 200])
def test_a_name_that_is_not_plain_is_refused(instrument, name):
    for command in ("/session/save", "/session/load", "/session/delete"):
        with pytest.raises(ValueError, match="plain"):
            instrument.ask(command, name)


def test_a_damaged_session_changes_nothing(instrument, tmp_path):
    instrument.ask("/session/save", "trip")
    (tmp_path / "here" / "sessions" / "trip" / "images.json").write_text('{"settings": [3]}')
    before = instrument.session
    with pytest.raises(ValueError, match="must be a list of objects"):
        instrument.ask("/session/load", "trip")
    assert instrument.session is before


def test_of_a_session_that_is_a_link_only_the_link_is_deleted(instrument, tmp_path):
    instrument.ask("/session/save", "trip")
    sessions = tmp_path / "here" / "sessions"
    (sessions / "trip").rename(tmp_path / "elsewhere")
    (sessions / "trip").symlink_to(tmp_path / "elsewhere")
    instrument.ask("/session/delete", "trip")
    assert list(sessions.iterdir()) == []
    assert (tmp_path / "elsewhere" / "sound.npz").is_file()


def test_more_settings_of_images_than_there_are_are_refused(instrument, tmp_path):
    instrument.ask("/session/save", "trip")
    row = {"address": "/image/jitter", "values": {"amount": 0.5}}
    (tmp_path / "here" / "sessions" / "trip" / "images.json").write_text(json.dumps({"settings": [row] * 10_001}))
    with pytest.raises(ValueError, match="has 10001 settings, more than 10000"):
        instrument.ask("/session/load", "trip")


def test_a_save_that_fails_leaves_the_one_before(instrument, monkeypatch):
    instrument.ask("/session/save", "trip")
    wanted = instrument.session.slots["a"]
    instrument.ask("/sound/randomize_z", "a")
    monkeypatch.setattr("server.state_file.save", lambda *_: (_ for _ in ()).throw(OSError("the disk is full")))
    with pytest.raises(OSError, match="full"):
        instrument.ask("/session/save", "trip")
    monkeypatch.undo()
    instrument.ask("/session/load", "trip")
    assert np.array_equal(instrument.session.slots["a"], wanted)


def test_what_is_saved_during_a_stream_is_what_is_set_then_and_the_stream_plays_on(band_server):
    playing, saving = band_server.peer(), band_server.peer()
    wanted = saving.ask("/sound/randomize_z", "a")[0].args[1:]
    playing.send("/sound/stream", "river", 2, 0.1, 0, 0.1, 0.1, 0.1, 60, "a")
    assert playing.receive().address == "/sound/segment"
    assert saving.ask("/session/save", "mid")[-1].address == "/done"
    saving.ask("/sound/randomize_z", "a")
    assert saving.ask("/session/load", "mid")[-1].address == "/done"
    assert saving.ask("/sound/slerp_z", "a", "a", "found", 0)[0].args[1:] == wanted
    saving.ask("/sound/stream_stop", "river")
    saving.ask("/sound/stream_position", "river", 60)
    assert playing.receive_end()[-1].args == ["/sound/stream", "river"]


@pytest.fixture
def painting(tmp_path):
    shutil.copytree(SMALL, tmp_path / "gansynth" / "magenta_small")
    shutil.copytree(DATA / "biggan_small", tmp_path / "biggan" / "biggan_small")
    yield from running_with(RunningServer(tmp_path, tmp_path, "--image-port", free_pair()), "magenta_small")


def test_sound_and_pictures_of_a_real_server_come_back_together(painting):
    def truncation():
        replies = painting.send("/image/settings")
        return round(replies[0].args[0], 3) if replies[-1].address == "/done" else None

    assert until(lambda: painting.send("/image/status")[-1].address == "/done")
    painting.send("/image/truncation", 0.5)
    painting.send("/sound/randomize_z", "a")
    painting.send("/session/save", "set 1")
    painting.send("/image/truncation", 0.9)
    assert truncation() == 0.9
    replies = painting.send("/session/load", "set 1")
    assert replies[-1].address == "/done" and not [reply for reply in replies if reply.address == "/session/missing"]
    assert truncation() == 0.5
