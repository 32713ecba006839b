"""`hallu serve` with a renderer of its own: a real image model, and what happens when processes die."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest
from conftest import DATA, SMALL, RunningServer, free_pair
from live_server import ROOT
from waiting import PATIENCE_S, until

PROCESSES = Path("/proc")

pytestmark = pytest.mark.skipif(not PROCESSES.is_dir(), reason="processes are looked up in /proc")


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """A models folder with a small voice and a small image model."""
    folder = tmp_path_factory.mktemp("both")
    shutil.copytree(SMALL, folder / "gansynth" / "magenta_small")
    shutil.copytree(DATA / "biggan_small", folder / "biggan" / "biggan_small")
    return folder


@pytest.fixture
def painting(tmp_path, both):
    flags = ("--image-port", "0", "--pictures", tmp_path / "pictures", "--load", SMALL.name)
    server = RunningServer(tmp_path, both, *flags)
    yield server
    if server.process.poll() is None:
        server.stop()


def status(server):
    """model, mode, fps, dropped, page, playing, components, changes; nothing while no renderer is there."""
    reply = server.send("/image/status")[0]
    return reply.args if reply.address == "/image/status.reply" else None


def painted(server):
    """The status once pictures are made."""
    return until(
        lambda: (received := status(server)) and received[0] != "-" and received[2] > 0 and received, "painting"
    )


def renderers(server):
    """Process numbers of the server's renderers."""
    found = []
    for folder in PROCESSES.glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if "renderer" in words and str(server.spool.parent / "pictures") in words:
            found.append(int(folder.name))
    return found


def on_the_page(server, *asked):
    """What the page shows once all commands are answered, each address and values."""

    async def run():
        async with aiohttp.ClientSession() as session, session.ws_connect(f"{status(server)[4]}ws") as socket:
            shown, errors = {}, []
            for number, (address, values) in enumerate(asked):
                await socket.send_json({"ask": number, "address": address, "values": values})
            while len(errors) < len(asked) or "edits" not in shown:
                message = await asyncio.wait_for(socket.receive(), PATIENCE_S)
                if message.type == aiohttp.WSMsgType.TEXT:
                    received = json.loads(message.data)
                    shown |= received.get("status", {})
                    errors += [received["error"]] if "answer" in received else []
            assert errors == [""] * len(asked)
            return shown

    return asyncio.run(run())


def directed(server):
    """Directions are found, and the name of their file."""
    replies = [
        reply for reply in server.send("/image/load_ganspace_components", "auto") if reply.address != "/progress"
    ]
    assert [reply.address for reply in replies] == ["/image/components", "/image/directions", "/done"], replies
    return Path(replies[0].args[2]).name


def test_a_sound_is_painted_and_a_renderer_that_dies_comes_back_as_it_was(painting, tmp_path):
    assert painted(painting)[:2] == ["biggan_small", "follow"]
    made = painting.send("/sound/hallucinate", "trip", 3, 2, 0.1, 0, 0.1, 0.1, 0.1)
    assert made[-1].address == "/done"
    painting.send("/sound/play", "trip", 0)
    assert until(lambda: status(painting)[5] == "trip" and "trip", "playing") == "trip"
    assert painting.send("/image/mode", "free")[-1].address == "/done"
    replies = painting.send("/image/snapshot", "moment.png")
    assert replies[0].address == "/image/file", replies
    assert (tmp_path / "pictures" / "moment.png").read_bytes().startswith(b"\x89PNG")
    file = directed(painting)
    assert painting.send("/image/edits", 1.5, -1)[-1].address == "/done"
    # On the page the same can be set.
    shown = on_the_page(painting, ("/image/jitter", {"value": 0.125}), ("/image/edits", {"edit": [1.5, 0.0, 2.0]}))
    assert (shown["edits"], shown["jitter"]) == ([1.5, 0.0, 2.0], 0.125)
    received = {reply.address: reply.args for reply in painting.send("/image/settings")}
    assert (received["/image/edits"], received["/image/settings.reply"][1]) == ([1.5, 0.0, 2.0], 0.125)

    painting.send("/sound/play", "trip", 0)
    # Its answer comes after all that the renderer sent before.
    assert status(painting)[6] == file
    (first,) = renderers(painting)
    os.kill(first, signal.SIGKILL)
    assert painting.send("/sound/hallucinate", "on", 2, 1, 0.1, 0, 0.1, 0.1, 0.1)[-1].address == "/done"
    until(lambda: [pid for pid in renderers(painting) if pid != first], "another renderer")
    assert painted(painting)[:2] == ["biggan_small", "free"]
    until(lambda: status(painting)[6] == file, "directions")
    # Commands sent again are carried out in order, and this one last.
    assert painting.send("/image/smooth", 0.3)[-1].address == "/done"
    shown = on_the_page(painting)
    assert (shown["edits"], shown["jitter"]) == ([1.5, 0.0, 2.0], 0.125)


def test_no_renderer_outlives_a_killed_server(painting):
    (pid,) = until(lambda: renderers(painting), "a renderer")
    painting.kill()
    until(lambda: pid not in renderers(painting), "its end")


def test_a_server_that_stops_ends_its_renderer(painting):
    until(lambda: renderers(painting), "a renderer")
    assert painting.stop() == 0
    assert not renderers(painting)


def test_a_renderer_elsewhere_connects_with_the_keys_that_were_made_for_it(tmp_path, both, hallu):
    port, key = free_pair(), tmp_path / "hall.key"
    server = RunningServer(tmp_path, both, "--no-page", "--image-port", port)
    assert hallu("keys", "--keys", tmp_path / "keys", "add", "hall", "--out", key).returncode == 0
    assert key.stat().st_mode & 0o777 == 0o600
    command = [sys.executable, "-m", "renderer", "--server", f"tcp://127.0.0.1:{port}", "--key", key, "--models", both]
    command += ["--out", tmp_path / "out", "--settings", tmp_path / "settings.json", "--page-port", 0]
    renderer = subprocess.Popen([str(word) for word in command], cwd=ROOT)
    try:
        assert painted(server)[0] == "biggan_small"
    finally:
        renderer.kill()
        renderer.wait()
        server.kill()
