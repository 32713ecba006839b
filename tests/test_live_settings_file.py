"""Settings of the renderer that survive its end: what is written when, what is read, and what a damaged file does."""

import json
import os

import numpy as np
import pytest
from live_controller import components, load, models_with
from waiting import PATIENCE_S

import ganspace
from core.commands.reading import Command, read_values
from core.commands.spec import Executor
from renderer.live.controller import RenderController
from renderer.live.dispatcher import RenderDispatcher
from renderer.live.settings_file import VERSION, SettingsFile

LOAD, DIRECTIONS, EDITS = "/image/load", "/image/load_ganspace_components", "/image/edits"


@pytest.fixture
def models(tmp_path):
    folder = models_with(tmp_path / "models", "a", "large")
    for name in ("a", "large"):
        ganspace.save(folder / "biggan" / name / "own.npz", components())
    return folder


@pytest.fixture
def file(tmp_path):
    return tmp_path / "state" / "images.json"


@pytest.fixture
def start(models, file, tmp_path):
    """Start a renderer on the same file, as after a kill."""

    def run(model=None):
        dispatcher = RenderDispatcher(RenderController([models], tmp_path / "out", load), SettingsFile(file))
        dispatcher.restore(model)
        return dispatcher

    return run


def read(address, values):
    return read_values(address, values, Executor.RENDERER)


def ask(dispatcher, address, **values):
    outcome = dispatcher.execute(read(address, values))
    assert outcome.error == ""
    return outcome.replies


def settings(dispatcher):
    return {reply[0]: reply[1:] for reply in ask(dispatcher, "/image/settings")}


def stored(file):
    """Address and values of what is in the file, in order."""
    content = json.loads(file.read_text(encoding="utf-8"))
    assert content["version"] == VERSION
    return [(row["address"], row["values"]) for row in content["settings"]]


def test_a_renderer_that_starts_again_has_the_settings(start):
    first = start()
    for value in (90, 99):
        ask(first, "/image/bpm", value=value)
    ask(first, "/image/mode", name="tempo")
    ask(first, "/image/classes", **{"class": ["3", "thing 17"]})
    ask(first, "/image/oscillator", number=2, function="sin", magnitude=0.5, period=2.0, axes=[4, 7])
    ask(first, DIRECTIONS, file="own.npz")
    ask(first, EDITS, edit=[1.5, 0.0, 2.0])
    second = start()
    assert settings(second) == settings(first)
    assert settings(second)["/image/edits"] == [1.5, 0.0, 2.0]
    assert second._controller.scene.settings == first._controller.scene.settings


def test_the_model_is_the_one_loaded_last(start):
    ask(start(), LOAD, name="large")
    assert start()._controller.model.name == "large"


def test_what_the_page_sets_is_kept_and_what_sets_nothing_is_not(start, file):
    dispatcher = start()
    assert dispatcher.submit(read("/image/jitter", {"value": 0.125, "more": 1})).result(PATIENCE_S).error == ""
    dispatcher.submit(read("/image/record", {"what": "start", "file": None})).result(PATIENCE_S)
    dispatcher.submit(read("/image/status", {})).result(PATIENCE_S)
    assert stored(file) == [("/image/jitter", {"value": 0.125})]


def test_of_one_setting_the_last_is_kept(start, file):
    dispatcher = start()
    for value in (0.1, 0.2, 0.3):
        ask(dispatcher, "/image/jitter", value=value)
    for number in (1, 2):
        ask(dispatcher, "/image/oscillator", number=number, function="sin", magnitude=1, period=1, axes=[number])
    assert [address for address, _ in stored(file)] == ["/image/jitter", "/image/oscillator", "/image/oscillator"]
    assert stored(file)[0] == ("/image/jitter", {"value": 0.3})


def test_a_setting_is_written_before_it_is_answered(start, file, monkeypatch):
    dispatcher, order = start(), []
    write = SettingsFile._write
    monkeypatch.setattr(SettingsFile, "_write", lambda *args: (write(*args), order.append("written")))
    outcome = dispatcher.submit(read("/image/jitter", {"value": 0.5}))
    outcome.add_done_callback(lambda _: order.append("answered"))
    assert order == ["written", "answered"]
    assert stored(file) == [("/image/jitter", {"value": 0.5})]


def test_directions_belong_to_a_model_and_edits_to_directions(start, file):
    dispatcher = start()
    ask(dispatcher, LOAD, name="a")
    ask(dispatcher, DIRECTIONS, file="own.npz")
    ask(dispatcher, EDITS, edit=[9.0])
    ask(dispatcher, LOAD, name="a")
    ask(dispatcher, DIRECTIONS, file="own.npz")
    ask(dispatcher, EDITS, edit=[1.0, -2.0])
    wanted = [(LOAD, {"name": "a"}), (DIRECTIONS, {"file": "own.npz"}), (EDITS, {"edit": [1.0, -2.0]})]
    assert stored(file) == wanted
    ask(dispatcher, DIRECTIONS, file="own.npz")
    assert stored(file) == wanted[:2]
    ask(dispatcher, LOAD, name="large")
    assert stored(file) == [(LOAD, {"name": "large"})]


def test_a_model_named_at_the_start_drops_the_directions_of_another(start, file):
    first = start()
    ask(first, LOAD, name="a")
    ask(first, DIRECTIONS, file="own.npz")
    ask(first, EDITS, edit=[1.0])
    ask(first, "/image/jitter", value=0.5)
    assert settings(start("a"))["/image/edits"] == [1.0]
    other = start("large")
    assert other._controller.model.name == "large"
    assert other._controller.scene.directions is None
    assert sorted(stored(file)) == [("/image/jitter", {"value": 0.5}), (LOAD, {"name": "large"})]


def test_without_the_stored_model_the_first_one_is_used_and_the_file_stays(start, file, models, caplog):
    first = start()
    ask(first, LOAD, name="large")
    ask(first, DIRECTIONS, file="own.npz")
    ask(first, "/image/jitter", value=0.5)
    before = stored(file)
    (models / "biggan" / "large").rename(models / "away")
    second = start()
    assert second._controller.model.name == "a"
    assert second._controller.scene.directions is None
    assert second._controller.scene.settings.jitter == 0.5
    assert stored(file) == before
    assert "no image model 'large'" in caplog.text


WRONG = [
    ("/sound/unload", {}),
    ("/image/none", {}),
    (5, {}),
    ("/image/jitter", [0.5]),
    ("/image/jitter", {}),
    ("/image/jitter", {"value": "much"}),
    ("/image/jitter", {"value": 7}),
    ("/image/jitter", {"value": 10**400}),
    ("/image/jitter", {"value": {"a": 1}}),
    ("/image/jitter", {"value": True}),
    (EDITS, {"edit": 5}),
    (EDITS, {"edit": [[5]]}),
    (EDITS, {"edit": [0.0] * 1025}),
    (EDITS, {"edit": [1e9]}),
    (LOAD, {"name": "x" * 300}),
    ("/image/classes", {"class": {"0": 1}}),
]


@pytest.mark.parametrize(("address", "values"), WRONG)
def test_what_breaks_a_rule_of_the_table_is_no_command(address, values):
    assert not isinstance(read(address, values), Command)


def test_a_command_that_fails_is_not_kept(start, file):
    dispatcher = start()
    ask(dispatcher, "/image/jitter", value=0.5)
    before = stored(file)
    for address, values in ((LOAD, {"name": "none"}), ("/image/classes", {"class": ["none"]}), (EDITS, {"edit": [1]})):
        assert dispatcher.execute(read(address, values)).error
    assert stored(file) == before


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nonsense",
        b"\xff\xfe",
        b"[" * 100_000,
        b"[]",
        b'{"version": 2, "settings": []}',
        b'{"version": 1, "settings": {}}',
        b'{"version": 1, "settings": [3]}',
        b'{"version": 1, "settings": [{"address": 5, "values": {}}]}',
        b'{"version": 1, "settings": [{"address": "/sound/unload", "values": {}}]}',
        b'{"version": 1, "settings": [{"address": "/image/jitter", "values": [1]}]}',
    ],
)
def test_a_damaged_file_is_set_aside_with_one_warning(start, file, caplog, content):
    file.parent.mkdir()
    file.write_bytes(content)
    dispatcher = start()
    (warning,) = [record for record in caplog.records if record.levelname == "WARNING"]
    assert "images.json.broken" in warning.getMessage()
    assert file.with_name("images.json.broken").read_bytes() == content
    ask(dispatcher, "/image/jitter", value=0.5)
    assert stored(file) == [("/image/jitter", {"value": 0.5})]


def test_a_second_damaged_file_does_not_overwrite_the_first(file):
    file.parent.mkdir()
    for content in (b"first", b"second"):
        file.write_bytes(content)
        SettingsFile(file).read()
    assert file.with_name("images.json.broken").read_bytes() == b"first"
    assert file.with_name("images.json.broken-2").read_bytes() == b"second"


def test_a_pipe_for_a_settings_file_does_not_block_the_start(file, caplog):
    file.parent.mkdir()
    os.mkfifo(file)
    assert SettingsFile(file).read() == []
    assert "not a regular file" in caplog.text


def test_stored_settings_that_break_a_rule_are_left_out(start, file, caplog):
    rows = [("/image/truncation", {"value": 0.5}), ("/image/truncation", {"value": 50}), ("/image/jitter", {})]
    content = {"version": 1, "settings": [{"address": address, "values": values} for address, values in rows]}
    file.parent.mkdir()
    file.write_text(json.dumps(content))
    assert start()._controller.scene.settings.truncation == 0.5
    assert "/image/truncation: value must be in 0.02..1, not 50" in caplog.text
    assert "/image/jitter: needs 1 argument" in caplog.text


def test_random_changes_of_the_file_do_no_harm(start, file):
    ask(start(), EDITS, edit=[])
    ask(start(), "/image/jitter", value=0.5)
    whole, rng = file.read_bytes(), np.random.default_rng(0)
    for number in range(200):
        place = int(rng.integers(len(whole)))
        file.write_bytes(whole[:place] + rng.bytes(1 + number % 3) + whole[place + 1 :])
        assert all(isinstance(command, Command) for command in SettingsFile(file).read())


def test_a_file_that_cannot_be_written_stops_nothing_and_is_reported_once(start, file, caplog):
    dispatcher = start()
    file.parent.write_text("not a folder")
    for value in (0.5, 0.6):
        ask(dispatcher, "/image/jitter", value=value)
    assert dispatcher._controller.scene.settings.jitter == 0.6
    assert caplog.text.count("image settings are lost") == 1
