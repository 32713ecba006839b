"""What renderers send to a server over ZeroMQ, and which of them it hears."""

import json
import time
from contextlib import closing, suppress
from dataclasses import replace

import numpy as np
import pytest
import zmq
from link_peer import (
    Renderer,
    a_folder,  # noqa: F401 - a fixture
    a_keyring,  # noqa: F401 - a fixture
    a_port,  # noqa: F401 - a fixture
    a_renderer,  # noqa: F401 - a fixture
    a_server,  # noqa: F401 - a fixture
    answered,
)

from renderer.ipc import messages
from renderer.ipc.keys import pair
from server.link.keyring import Keyring


def test_a_command_goes_to_the_renderer_and_its_answer_back(running, renderer):
    answer = {"replies": [["/image/class_names", "aurora", "reef"]], "error": ""}
    asked, replies = answered(running, renderer, "/image/classes", "aurora", 7, **answer)
    assert (asked["address"], asked["values"]) == ("/image/classes", {"class": ["aurora", "7"]})
    assert replies == [("/image/class_names", ["aurora", "reef"]), ("/done", ["/image/classes"])]


def test_a_renderers_refusal_is_the_reason(running, renderer):
    _, replies = answered(
        running, renderer, "/image/load", "wild", replies=[], error="there is only patterns, not wild"
    )
    assert replies == [("/fail", ["/image/load", "-", "there is only patterns, not wild"])]


@pytest.mark.parametrize("replies", [5, [5], [["/sound/z", 1]], [["/image/x", [1]]], [[]], [["/image/x", None]]])
def test_an_answer_that_is_none_is_a_fail(running, renderer, replies):
    _, received = answered(running, renderer, "/image/status", replies=replies)
    assert "not readable" in received[-1].args[2]


def test_progress_of_a_renderer_is_passed_on_before_its_answer(running, renderer):
    client = running.peer()
    renderer.send("heartbeat")
    client.send("/image/load_ganspace_components", "auto")
    asked = renderer.receive("command")
    assert asked.fields["values"] == {"file": "auto"}
    renderer.send("progress", {"id": asked.fields["id"], "done": 3, "total": 7})
    renderer.send("reply", {"id": asked.fields["id"], "replies": [["/image/components", 8, "gen_z", "x.npz"]]})
    address = "/image/load_ganspace_components"
    assert client.receive_end() == [
        ("/progress", [address, "-", 3, 7]),
        ("/image/components", [8, "gen_z", "x.npz"]),
        ("/done", [address]),
    ]
    client.socket.close()


def test_progress_that_is_wrong_does_no_harm(running, renderer):
    for fields in ({}, {"id": 1}, {"id": "1", "done": 1, "total": 2}, {"id": 1, "done": -1, "total": 2**40}):
        renderer.send("progress", fields)
    _, replies = answered(running, renderer, "/image/truncation", 0.5, replies=[])
    assert replies[-1].address == "/done"


def test_random_messages_of_a_renderer_do_no_harm(running, renderer):
    rng = np.random.default_rng(0)
    whole = json.dumps({"id": 1, "replies": [["/image/file", "x"]], "done": 1, "total": 2, "arrays": []}).encode()
    for number in range(300):
        place = int(rng.integers(len(whole)))
        changed = whole[:place] + rng.bytes(1 + number % 3) + whole[place + 1 :]
        renderer.sender.send_multipart([(b"heartbeat", b"progress", b"reply")[number % 3], changed])
    _, replies = answered(running, renderer, "/image/truncation", 0.5, replies=[])
    assert replies[-1].address == "/done"


def test_what_a_renderer_left_unanswered_fails_when_the_next_one_comes(running, renderer, port, keys):
    client = running.peer()
    renderer.send("heartbeat")
    client.send("/image/status")
    renderer.receive("command")
    Renderer(port, keys).join().close()
    assert "did not answer" in client.receive_end()[-1].args[2]


def test_without_a_renderer_a_command_says_so(start_server):
    replies = start_server("--no-page").send("/image/status")
    assert "no renderer is connected" in replies[-1].args[2]


@pytest.mark.parametrize(
    "frames",
    [[b""], [b"hello"], [b"\xff", b"\xff"], [b"reply", b'{"id": [1]}'], [b"reply", b'{"id": 1e99}'], [b"x"] * 40],
)
def test_noise_on_the_wire_does_no_harm(running, renderer, frames):
    renderer.sender.send_multipart(frames)
    renderer.send("heartbeat", {"fps": "many", "page": 7})
    _, replies = answered(running, renderer, "/image/truncation", 0.5, replies=[])
    assert replies[-1].address == "/done"


def test_a_taken_port_is_one_line(hallu, running, port):
    done = hallu("serve", "--port", "0", "--image-port", port)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert str(port) in line and "--image-port" in line


@pytest.mark.parametrize("forged", ["no key", "a key that nobody gave out", "the server's own"])
def test_a_peer_without_a_key_that_was_given_out_is_not_heard(running, renderer, folder, port, keys, forged):
    public, secret = pair()
    other = {
        "no key": None,
        "a key that nobody gave out": replace(keys, public=public, secret=secret),
        "the server's own": replace(keys, public=Keyring(folder / "keys").public, secret=secret),
    }[forged]
    with closing(Renderer(port, other)) as peer:
        client = running.peer()
        renderer.send("heartbeat")
        client.send("/image/snapshot")
        asked = renderer.receive("command")
        reply = {"id": asked.fields["id"], "replies": [["/image/file", "/etc/forged"]], "error": ""}
        for topic, fields in [("hello", {"name": "forged", "version": "0"}), ("reply", reply)] * 10:
            # A peer that was refused has no connection left, and cannot send.
            with suppress(zmq.Again):
                peer.sender.send_multipart(messages.encode(topic, fields), zmq.NOBLOCK)
            assert not peer.receiver.poll(50)
        renderer.send("reply", {"id": asked.fields["id"], "replies": [["/image/file", "true"]], "error": ""})
        assert client.receive_end()[0] == ("/image/file", ["true"])
        client.socket.close()


def test_keys_that_are_taken_back_do_not_connect_again(tmp_path):
    ring = Keyring(tmp_path)
    public = ring.add("hall").public.encode()
    assert ring.allows(public) and Keyring(tmp_path).public == ring.public
    ring.remove("hall")
    assert not ring.allows(public)


def test_a_renderer_whose_key_is_taken_back_is_disconnected_and_the_others_are_not(running, renderer, folder, port):
    guest = Renderer(port, Keyring(folder / "keys").add("guest")).join()
    with closing(guest):
        Keyring(folder / "keys").remove("guest")
        while "a renderer was disconnected: its key was removed" not in "".join(running.errors):
            time.sleep(0.05)
        for peer in (renderer, guest):
            while peer.receiver.poll(200):
                peer.receiver.recv_multipart()
        # What has been missed comes again, with the first sign of life.
        while not renderer._next("loaded", 0.5):
            renderer.send("heartbeat")
        assert answered(running, renderer, "/image/truncation", 0.5, replies=[])[1][-1].address == "/done"
        assert not guest.receiver.poll(2500)


def test_text_of_a_renderer_does_not_reach_the_log_raw(running, renderer):
    renderer.send("heartbeat", {"page": "http://x/\nready 6.6.6.6:1"})
    _, replies = answered(running, renderer, "/image/truncation", 0.5, replies=[])
    assert replies[-1].address == "/done"
    assert not any(line.startswith("ready") for line in running.errors)
