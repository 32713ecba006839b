"""The renderer's end of ZeroMQ: real sockets, in one process."""

import threading
import time

import numpy as np
import pytest
from live_controller import controller  # noqa: F401 - a fixture
from live_server import Server, a_sound
from waiting import PATIENCE_S, until

from renderer.ipc import messages
from renderer.live.dispatcher import RenderDispatcher
from renderer.live.link import MAX_WAITING, Link, addresses
from renderer.live.settings_file import SettingsFile


@pytest.fixture
def server():
    server = Server()
    yield server
    server.close()


@pytest.fixture
def linked(server, controller, tmp_path):  # noqa: F811
    ends = []
    file = SettingsFile(tmp_path / "settings.json")
    link = Link(controller, RenderDispatcher(controller, file), server.address, lambda: ends.append("bye"), "1")
    link.start()
    link.ends = ends
    yield link
    link.stop()


def test_hello_is_said_until_it_is_answered(server, linked):
    assert server.receive("hello").fields == {"name": "renderer", "version": "1"}
    assert server.receive("hello")
    server.welcome()
    with pytest.raises(AssertionError, match="no hello"):
        server.receive("hello", 0.7)


def test_a_beat_comes_every_second_with_the_page(server, linked, controller):  # noqa: F811
    controller.page = "http://127.0.0.1:1/"
    server.receive("heartbeat")
    begun = time.monotonic()
    assert server.receive("heartbeat").fields == {"fps": 0.0, "page": "http://127.0.0.1:1/"}
    assert time.monotonic() - begun == pytest.approx(1.0, abs=0.3)


def test_commands_are_answered_with_replies_or_a_reason(server, linked):
    server.welcome()
    assert server.ask("/image/truncation", value=0.5) == ([], "")
    assert server.ask("/image/truncation", value=5)[1] == "value must be in 0.02..1, not 5"
    assert server.ask("/image/status")[0][0][:3] == ["/image/status.reply", "a", "follow"]


def test_sounds_play_stop_and_make_busy(server, linked, controller):  # noqa: F811
    server.welcome()
    fields, arrays = a_sound()
    server.send("sound", fields, **arrays)
    server.send("play", {"target": "trip", "position_s": 1.0})
    server.send("busy", {"busy": True})
    until(lambda: controller.render_loop.busy)
    assert controller.scene.playing(time.monotonic())[0] == "trip"
    assert controller.scene.playing(time.monotonic())[1] == pytest.approx(1.0, abs=0.5)
    server.send("stop", {"target": ""})
    server.send("busy", {"busy": False})
    until(lambda: not controller.render_loop.busy)
    assert controller.scene.playing(time.monotonic()) is None


def test_bye_ends_it(server, linked):
    server.welcome()
    server.send("bye")
    until(lambda: linked.ends == ["bye"])


def test_a_status_does_not_wait_for_a_model_that_is_being_loaded(server, linked, controller):  # noqa: F811
    server.welcome()
    with controller.lock:
        server.send("command", {"id": 7, "address": "/image/jitter", "values": {"value": 0.1}})
        assert server.ask("/image/status")[1] == ""
        assert controller.scene.settings.jitter != 0.1
    assert server.receive("reply").fields == {"id": 7, "replies": [], "error": ""}


def test_too_many_commands_at_once_are_refused(server, linked, controller):  # noqa: F811
    server.welcome()
    with controller.lock:
        for number in range(100, 100 + MAX_WAITING + 2):
            server.send("command", {"id": number, "address": "/image/jitter", "values": {"value": 0.1}})
        assert f"{MAX_WAITING} commands are waiting" in server.receive("reply").fields["error"]


def test_who_waits_for_directions_is_told_how_far_they_are(server, linked, controller):  # noqa: F811
    server.welcome()
    may_end = threading.Event()

    def own(model, progress):
        progress(3, 7)
        may_end.wait(PATIENCE_S)
        raise ValueError("none there")

    controller.direction_control._own = own
    server.send("command", {"id": 9, "address": "/image/load_ganspace_components", "values": {"file": "auto"}})
    assert server.ask("/image/jitter", value=0.1) == ([], "")
    assert server.receive("progress").fields == {"id": 9, "done": 3, "total": 7}
    may_end.set()
    assert server.receive("reply").fields == {"id": 9, "replies": [], "error": "none there"}
    with pytest.raises(AssertionError, match="no progress"):
        server.receive("progress", 1.5)


def test_what_the_server_sets_is_kept_in_the_file(server, linked, tmp_path):
    server.welcome()
    assert server.ask("/image/jitter", value=0.1) == ([], "")
    assert server.ask("/image/jitter", value=7)[1] == "value must be in 0..1, not 7"
    assert server.ask("/image/status")[1] == ""
    assert server.ask("/image/mode", name="free") == ([], "")
    stored = SettingsFile(tmp_path / "settings.json").read()
    # What was refused or sets nothing is not kept.
    assert [(command.address, command.values) for command in stored] == [
        ("/image/jitter", {"value": 0.1}),
        ("/image/mode", {"name": "free"}),
    ]


MALFORMED = [
    [b"sound"],
    [b"sound", b"{"],
    [b"sound", b"[]"],
    [b"sound", b"{}"],
    [b"play", b"{}"],
    [b"play", b'{"target": 3, "position_s": 0}'],
    [b"play", b'{"target": "a", "position_s": "soon"}'],
    [b"play", b'{"target": "a", "position_s": NaN}'],
    [b"stop", b'{"target": null}'],
    [b"busy", b'{"busy": "yes"}'],
    [b"command", b'{"id": "x", "address": "/image/status", "values": {}}'],
    [b"command", b'{"id": 77, "address": 5, "values": {}}'],
    [b"command", b'{"id": 77, "address": "/image/jitter", "values": []}'],
    [b"command", b'{"id": true, "address": "/image/jitter", "values": {}}'],
    [b"command", b'{"id": 77, "address": "/image/edits", "values": {"edit": [[1]]}}'],
    [b"command", b'{"id": 77, "address": "/image/edits", "values": {"edit": {"0": 1}}}'],
    [b"command", b'{"id": 77, "address": "/image/load_ganspace_components", "values": {"file": ["auto"]}}'],
    [b"samples", b"{}"],
    [b"samples", b'{"target": "after", "sample_rate": 16000, "arrays": [{"name": "samples", "shape": [1]}]}', b"1234"],
    [b"samples", b'{"target": "after", "arrays": [{"name": "samples", "kind": "int16", "shape": [2]}]}', b"1234"],
    [b"samples", b'{"target": 1, "arrays": [{"name": "samples", "kind": "<O", "shape": [2]}]}', b"1234"],
    [b"loaded", b'{"model": 3}'],
    [b"\xff\xfe", b"{}"],
    [b"nothing", b"{}"],
    [b"", b""],
    [b"sound", b'{"arrays": [{"name": "keys", "shape": [9, 9]}]}', b"short"],
]


def unharmed(server, controller):  # noqa: F811
    """A command is still answered, and a sound still followed."""
    fields, arrays = a_sound("after")
    server.send("sound", fields, **arrays)
    server.send("play", {"target": "after", "position_s": 0.0})
    assert server.ask("/image/status")[0][0][6] == "after"
    assert controller.scene.frame_task(time.monotonic()) is not None
    server.send("stop", {"target": ""})


def test_malformed_messages_change_nothing(server, linked, controller):  # noqa: F811
    server.welcome()
    for frames in MALFORMED:
        server.publisher.send_multipart(frames)
    unharmed(server, controller)


def test_random_bytes_change_nothing(server, linked, controller):  # noqa: F811
    server.welcome()
    rng = np.random.default_rng(0)
    topics = (b"sound", b"samples", b"play", b"stop", b"command", b"busy", b"loaded", b"welcome", b"xyz")
    fields, arrays = a_sound(duration_s=0.2)
    whole = messages.encode("sound", fields, **arrays)
    for number in range(500):
        frames = [rng.bytes(int(rng.integers(0, 200))) for _ in range(rng.integers(1, 5))]
        if number % 2:
            frames[0] = topics[number % len(topics)]
        if number % 5 == 0:
            # A true message with a byte changed, each byte of its head in its turn.
            place = int(rng.integers(len(whole[1])))
            frames = [whole[0], whole[1][:place] + rng.bytes(1) + whole[1][place + 1 :], *whole[2:]]
        server.publisher.send_multipart(frames)
        if number % 50 == 0:
            time.sleep(0.02)
    unharmed(server, controller)


@pytest.mark.parametrize(
    ("given", "both"),
    [
        ("tcp://127.0.0.1:7771", ("tcp://127.0.0.1:7771", "tcp://127.0.0.1:7772")),
        ("tcp://stage.local:80/", ("tcp://stage.local:80", "tcp://stage.local:81")),
        ("tcp://[::1]:7771", ("tcp://[::1]:7771", "tcp://[::1]:7772")),
    ],
)
def test_a_servers_address_is_two(given, both):
    assert addresses(given) == both


@pytest.mark.parametrize(
    "given", ["", "7771", "127.0.0.1:7771", "tcp://:7771", "tcp://a", "tcp://a:65535", "udp://a:1"]
)
def test_what_is_no_address_is_refused(given):
    with pytest.raises(ValueError, match=r"is like tcp://127\.0\.0\.1:7771, not"):
        addresses(given)


@pytest.mark.parametrize("given", ["tcp://a:x", "tcp://a:99999", "tcp://[1:2"])
def test_a_port_that_is_none_is_refused(given):
    with pytest.raises(ValueError, match="is like tcp"):
        addresses(given)


# Values that once froze the image, or gave a traceback.
WRONG = (
    {"period": 1e-300},
    {"period": 1e308},
    {"period": -1},
    {"number": 2**70},
    {"number": 2**5000},
    {"magnitude": "much"},
    {"axes": list(range(1024)) * 5},
    {"axes": [5000]},
    {"axes": [[1]]},
)


def test_oscillators_over_the_link_keep_to_the_command_table(server, linked, controller):  # noqa: F811
    server.welcome()
    before = controller.scene.settings
    for wrong in WRONG:
        values = {"number": 1, "function": "sin", "magnitude": 1.0, "period": 4.0, "axes": [0], **wrong}
        error = server.ask("/image/oscillator", **values)[1]
        assert error and "internal" not in error
    assert controller.scene.settings == before
