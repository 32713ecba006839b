"""Who may play a server from elsewhere: without a key that it has made, nobody gets a word."""

import re
import socket
import stat
import time

import pytest
import zmq
from conftest import RunningServer
from remote import RunningBridge, key_for, remote_port
from waiting import PATIENCE_S

from renderer.ipc import keys
from renderer.ipc.keys import LinkKeys
from server.remote import wire
from server.remote.wire import Kind, Part

SESSION = {"session": "0123456789abcdef", "fresh": True, "got": 0}
# What every program of ZeroMQ sends first: its version and how it wants to speak.
GREETING_BYTES = 64


@pytest.fixture(scope="module")
def server(tmp_path_factory, band):
    folder = tmp_path_factory.mktemp("locked")
    running = RunningServer(folder, band, "--remote", "0", "--load", "band")
    running.folder, running.remote = folder, remote_port(running)
    yield running
    running.kill()


def answers(server, link_keys):
    """Whether a HELLO with these keys is answered, within two seconds unless it has to be."""
    with zmq.Context() as context, context.socket(zmq.DEALER) as line:
        line.linger = 0
        if link_keys:
            link_keys.secure(line)
        line.connect(f"tcp://127.0.0.1:{server.remote}")
        line.send_multipart(wire.encode(Part(Kind.HELLO, SESSION)))
        return bool(line.poll(2000))


def test_a_key_of_the_server_opens(server, tmp_path):
    assert answers(server, keys.read(key_for(server.folder / "keys", tmp_path, "friend")))


@pytest.mark.parametrize("which", ["no keys", "a stranger's key", "another server's key"])
def test_nobody_else_gets_an_answer(server, tmp_path, which):
    known = keys.read(key_for(server.folder / "keys", tmp_path, which.replace(" ", "-").replace("'", "")))
    found = {
        "no keys": None,
        "a stranger's key": LinkKeys(known.server, *keys.pair()),
        "another server's key": LinkKeys(keys.pair()[0], known.public, known.secret),
    }
    assert not answers(server, found[which])


@pytest.mark.parametrize(
    "first", [b"GET / HTTP/1.0\r\n\r\n", bytes(100), b"\xff" + bytes(8) + b"\x7f\x03\x00NULL" + bytes(60)]
)
def test_a_program_that_is_no_bridge_gets_a_greeting_and_no_word(server, first):
    with socket.create_connection(("127.0.0.1", server.remote)) as line:
        line.sendall(first)
        line.settimeout(1.0)
        received, end = b"", time.monotonic() + 1
        while time.monotonic() < end:
            try:
                part = line.recv(4096)
            except OSError:
                break
            if not part:
                break
            received += part
    assert len(received) <= GREETING_BYTES
    assert b"hallu" not in received


def test_the_home_user_gets_one_sentence(server, tmp_path):
    stranger = tmp_path / "stranger.key"
    known = keys.read(key_for(server.folder / "keys", tmp_path, "known"))
    keys.write(stranger, LinkKeys(known.server, *keys.pair()))
    bridge = RunningBridge(tmp_path / "home", server.remote, "--key", stranger)
    try:
        line = bridge.until_said("no answer from")
        assert f"no answer from 127.0.0.1:{server.remote}: does `hallu serve --remote` run there" in line
        assert line.endswith("is the key the server's?\n")
        time.sleep(1.5)
        assert len([line for line in bridge.said if "no answer" in line]) == 1
    finally:
        bridge.kill()


def test_a_key_that_was_removed_ends_its_bridge(server, tmp_path, hallu):
    key = key_for(server.folder / "keys", tmp_path, "guest")
    bridge = RunningBridge(tmp_path / "home", server.remote, "--key", key).until("found")
    try:
        assert hallu("keys", "--keys", server.folder / "keys", "remove", "guest").returncode == 0
        bridge.until("cut")
        time.sleep(1)
        assert bridge.state() != "found"
        assert "is cut" in bridge.send("/sound/note", "n", "z", 60)[-1].args[2]
    finally:
        bridge.kill()


def test_two_keys_cannot_share_a_session(server, tmp_path):
    """Who knows the name of another bridge's session gets nothing of it."""
    lines = []
    with zmq.Context() as context:
        for name in ("one", "two"):
            line = context.socket(zmq.DEALER)
            line.linger = 0
            keys.read(key_for(server.folder / "keys", tmp_path, name)).secure(line)
            line.connect(f"tcp://127.0.0.1:{server.remote}")
            line.send_multipart(wire.encode(Part(Kind.HELLO, {**SESSION, "session": "the same session"})))
            assert line.poll(1000 * PATIENCE_S)
            lines.append(wire.decode(line.recv_multipart())[0].fields["known"])
        context.destroy(linger=0)
    assert lines == [True, False]


def test_a_name_that_no_file_can_have_is_refused_with_the_rule(tmp_path, hallu):
    refused = hallu("keys", "--keys", tmp_path, "add", "x" * 300)
    assert (refused.returncode, len(refused.stderr.splitlines())) == (1, 1)
    assert "at most 60 letters" in refused.stderr


def test_key_files_are_for_their_owner_alone(server, tmp_path, hallu):
    made = hallu("keys", "--keys", tmp_path / "keys", "add", "laptop", cwd=tmp_path)
    assert made.returncode == 0
    assert stat.S_IMODE((tmp_path / "laptop.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys" / "server.json").stat().st_mode) == 0o600


def test_a_key_file_that_others_can_read_is_mentioned(server, tmp_path):
    key = key_for(server.folder / "keys", tmp_path, "open")
    key.chmod(0o644)
    bridge = RunningBridge(tmp_path / "home", server.remote, "--key", key)
    try:
        assert f"chmod 600 {key}" in bridge.until_said("others on this machine can read")
    finally:
        bridge.kill()


def test_a_key_file_that_cannot_be_written_leaves_no_key(tmp_path, hallu):
    (tmp_path / "file").touch()
    add = ("keys", "--keys", tmp_path / "keys", "add", "laptop", "--out")
    assert hallu(*add, tmp_path / "file" / "laptop.key").returncode == 1
    assert hallu(*add, tmp_path / "laptop.key").returncode == 0


def test_keys_that_cannot_be_stored_are_not_shown(tmp_path, hallu):
    (tmp_path / "file").touch()
    shown = hallu("keys", "--keys", tmp_path / "file")
    assert (shown.returncode, shown.stdout) == (1, "")
    assert "none can be stored" in shown.stderr


@pytest.mark.parametrize("got", [-1, "x", None, 1e30])
def test_a_bridge_that_says_nonsense_has_no_session(server, tmp_path, got):
    link_keys = keys.read(key_for(server.folder / "keys", tmp_path, "nonsense-" + re.sub(r"\W", "", str(got))))
    with zmq.Context() as context, context.socket(zmq.DEALER) as line:
        line.linger = 0
        link_keys.secure(line)
        line.connect(f"tcp://127.0.0.1:{server.remote}")
        session = {**SESSION, "session": f"nonsense nonsense {got}"}
        line.send_multipart(wire.encode(Part(Kind.HELLO, {**session, "got": got})))
        line.send_multipart(wire.encode(Part(Kind.HELLO, {**session, "got": 0, "fresh": False})))
        assert line.poll(1000 * PATIENCE_S)
        assert wire.decode(line.recv_multipart())[0].fields["known"] is False
    assert not [line for line in server.errors if "Traceback" in line]


def test_a_key_file_that_others_can_read_is_warned_about(tmp_path, caplog):
    keys.write(tmp_path / "a.key", LinkKeys(*(("x" * 40,) * 3)))
    keys.read(tmp_path / "a.key")
    assert not caplog.records
    (tmp_path / "a.key").chmod(0o644)
    keys.read(tmp_path / "a.key")
    assert f"chmod 600 '{tmp_path / 'a.key'}'" in caplog.text
