"""The page and the pictures of a server elsewhere, in a browser at home: through the bridge, by proxy."""

import asyncio
import json
import shutil
import socket
import time
from http.client import HTTPConnection
from pathlib import Path

import aiohttp
import pytest
from conftest import DATA, SMALL
from remote import Home
from waiting import PATIENCE_S, until


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A server with a small image model, and a bridge that knows its page."""
    models = tmp_path_factory.mktemp("both")
    shutil.copytree(SMALL, models / "gansynth" / "magenta_small")
    shutil.copytree(DATA / "biggan_small", models / "biggan" / "biggan_small")
    folder = tmp_path_factory.mktemp("elsewhere")
    found = Home(folder, models, "--image-port", "0", "--pictures", folder / "pictures")
    found.page = found.bridge.until_said("page at ").split("page at ")[1].strip()
    yield found
    found.close()


@pytest.fixture(scope="module")
def place(home):
    """Host and port of the page at home."""
    host, _, port = home.page.split("//")[1].strip("/").partition(":")
    return host, int(port)


def get(place, path):
    connection = HTTPConnection(*place, timeout=PATIENCE_S)
    connection.request("GET", path, headers={"Accept": "text/html"})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


def frame(place):
    """A JPEG, once there is one."""

    def shown():
        status, body = get(place, "/frame.jpg")
        return status == 200 and body

    return until(shown)


def test_the_page_comes_home(place):
    status, body = get(place, "/")
    assert status == 200
    assert b"<!doctype html>" in body.lower()


def test_frames_come_home(place):
    assert frame(place).startswith(b"\xff\xd8")


def test_the_stream_of_frames_comes_home(place):
    frame(place)
    with socket.create_connection(place, timeout=PATIENCE_S) as browser:
        browser.sendall(f"GET /stream.mjpg HTTP/1.1\r\nHost: {place[0]}:{place[1]}\r\n\r\n".encode())
        received = b""
        while received.count(b"\xff\xd8\xff") < 3:
            received += browser.recv(65536)
    assert b"multipart/x-mixed-replace" in received


def test_the_pages_controls_work_from_home(home):
    async def run():
        async with aiohttp.ClientSession() as session, session.ws_connect(f"{home.page}ws") as page:
            await page.send_json({"ask": 1, "address": "/image/jitter", "values": {"value": 0.125}})
            while True:
                message = await asyncio.wait_for(page.receive(), PATIENCE_S)
                if message.type == aiohttp.WSMsgType.TEXT and "answer" in (received := json.loads(message.data)):
                    return received

    assert asyncio.run(run()) == {"answer": 1, "error": ""}
    settings = {reply.address: reply.args for reply in home.bridge.send("/image/settings")}
    assert settings["/image/settings.reply"][1] == 0.125


def test_the_status_of_the_pictures_names_the_page_here(home):
    assert home.bridge.send("/image/status")[0].args[4] == home.page


def test_a_snapshot_comes_home_and_a_second_one_of_its_name_beside_it(home, place):
    frame(place)
    for expected in ("moment.png", "moment-2.png"):
        file, done = home.bridge.send("/image/snapshot", "moment.png")
        assert (file.address, done.address) == ("/image/file", "/done")
        path = Path(file.args[0])
        assert (path.parent, path.read_bytes()[:4]) == (home.bridge.pictures, b"\x89PNG")
        assert path.name == expected


def test_a_recording_is_named_at_its_start_and_here_at_its_end(home, place):
    frame(place)
    named = home.bridge.send("/image/record", "start", "film.mp4")[0].args[0]
    assert Path(named) == home.bridge.pictures / "film.mp4"
    assert not Path(named).exists()
    time.sleep(0.5)
    finished = home.bridge.send("/image/record", "stop")[0].args[0]
    assert finished == named
    assert Path(named).read_bytes() == (home.folder / "pictures" / "film.mp4").read_bytes()


def test_a_browser_that_does_not_read_stops_nobody(home, place):
    frame(place)
    with socket.create_connection(place, timeout=PATIENCE_S) as lazy:
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        lazy.sendall(f"GET /stream.mjpg HTTP/1.1\r\nHost: {place[0]}:{place[1]}\r\n\r\n".encode())
        time.sleep(1.0)
        assert home.bridge.send("/status")[-1].address == "/done"
        assert get(place, "/")[0] == 200


def test_a_page_of_another_site_may_not_use_it(place):
    connection = HTTPConnection(*place, timeout=PATIENCE_S)
    connection.request("GET", "/", headers={"Origin": "http://elsewhere.example"})
    assert connection.getresponse().status == 403
    connection.close()


def test_without_a_page_the_browser_gets_a_sentence(tmp_path, models):
    home = Home(tmp_path, models, "--no-page")
    try:
        # The bridge listens all the same: the next server may have one.
        status, body = get(("127.0.0.1", home.bridge.page_port()), "/")
        assert (status, body) == (503, b"there is no page: the server runs without one\n")
    finally:
        home.close()
