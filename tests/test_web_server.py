"""The page's server: its files, strangers, malformed requests, ports and tokens."""

import asyncio
import logging
import socket
import time
from contextlib import suppress

import aiohttp
import pytest
from page_clients import (
    Client,
    a_fake_renderer,  # noqa: F401 - a fixture
    get,
    read,
    streaming,
    with_clients,
)
from page_renderer import FakeRenderer, picture
from waiting import PATIENCE_S

from core.web.gate import MOST
from renderer.web import Frames, WebServer


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Host": "evil.example"}])
def test_a_strangers_websocket_is_refused(fake, headers):
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        with_clients(fake, Client.see, **headers)
    assert refused.value.status == 403


def test_the_pages_own_websocket_is_let_in(fake):
    fake.frames.put(picture(1))
    assert with_clients(fake, Client.see, Origin=fake.url.rstrip("/")) == 1


@pytest.mark.parametrize("path", ["/", "/main.js", "/stream.mjpg", "/frame.jpg", "/nowhere"])
def test_strangers_get_nothing_at_all(fake, path):
    fake.frames.put(picture(1))
    status, _, body = get(fake, path, Host="evil.example")
    assert status == 403
    assert b"'evil.example'" in body


@pytest.mark.parametrize("path", ["/", "/page.css", "/main.js", "/nowhere"])
def test_every_answer_forbids_what_comes_from_elsewhere(fake, path):
    headers = get(fake, path)[1]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/server.py", "/../server.py", "/%2e%2e/server.py", "/static/", "/page.html"])
def test_only_the_pages_files_are_served(fake, path):
    assert get(fake, path)[0] == 404


def test_one_picture_is_fetched(fake):
    status, _, body = get(fake, "/frame.jpg")
    assert (status, body) == (503, b"nothing was rendered yet\n")
    fake.frames.put(picture(5))
    status, headers, body = get(fake, "/frame.jpg")
    assert (status, headers["Content-Type"], read(body)) == (200, "image/jpeg", 5)


def test_stopping_says_good_bye_and_gives_the_port_back(fake):
    fake.render()

    async def play(client):
        await client.see()
        ended = asyncio.get_running_loop().run_in_executor(None, fake.page.stop)
        while True:
            message = await asyncio.wait_for(client.socket.receive(), PATIENCE_S)
            if message.type == aiohttp.WSMsgType.CLOSE:
                await ended
                return message.data, message.extra

    port = fake.port
    way, _ = streaming(fake)
    began = time.monotonic()
    assert with_clients(fake, play) == (aiohttp.WSCloseCode.GOING_AWAY, "the renderer is stopping")
    assert time.monotonic() - began < 8.0
    way.close()
    assert fake.page.start(port=port) == fake.url


def test_a_port_that_is_taken_is_an_error_and_another_can_be_tried(fake):
    page = WebServer(Frames(), None)
    with pytest.raises(OSError, match=str(fake.port)):
        page.start(port=fake.port)
    url = page.start()
    assert url != fake.url
    page.stop()


def test_a_page_starts_once(fake):
    with pytest.raises(RuntimeError, match="served already"):
        fake.page.start()


def connected(fake, sent=b""):
    connection = socket.create_connection(("127.0.0.1", fake.port), timeout=PATIENCE_S)
    connection.sendall(sent)
    return connection


@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: "])
def test_a_connection_without_a_whole_request_is_closed(fake, sent, monkeypatch):
    monkeypatch.setattr("core.web.gate.REQUEST_S", 0.2)
    with connected(fake, sent) as connection, suppress(ConnectionResetError):
        assert connection.recv(1) == b""


def test_many_connections_of_one_machine_leave_room_for_others(fake):
    fake.frames.put(picture(1))
    half = [connected(fake) for _ in range(MOST // 2)]
    with connected(fake) as refused:
        answer = refused.recv(1000)
        assert answer.startswith(b"HTTP/1.1 503 ") and b"as many connections as it can have" in answer
    half.pop().close()
    time.sleep(0.2)
    assert get(fake, "/frame.jpg")[0] == 200
    for connection in half:
        connection.close()


@pytest.mark.parametrize(
    "sent", [b"\x16\x03\x01\x02\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\nA B: c\r\n\r\n"]
)
def test_malformed_requests_are_answered_without_a_traceback(fake, sent, caplog):
    with connected(fake, sent) as connection:
        assert connection.recv(1000).startswith(b"HTTP/1.")
    assert not [record for record in caplog.records if record.levelname != "DEBUG"]


@pytest.mark.parametrize("path", [b"/ws", b"/"])
def test_a_websocket_with_a_damaged_key_is_refused_without_a_traceback(fake, path, caplog):
    head = b" HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    with connected(fake, b"GET " + path + head + b"Sec-WebSocket-Key: \xe9\r\n\r\n") as connection:
        assert connection.recv(1000).startswith(b"HTTP/1.1 400")
    assert not [record for record in caplog.records if record.levelname != "DEBUG"]


def test_a_browser_that_leaves_at_once_leaves_no_traceback(fake, caplog):
    head = b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    head += b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    for _ in range(20):
        with connected(fake, head):
            pass
    assert get(fake, "/")[0] == 200
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.fixture
def public(tmp_path, monkeypatch):
    """A page that takes itself for one that other machines reach; its address, and its token's file."""
    monkeypatch.setattr("core.hosts.is_loopback", lambda host: False)
    fake = FakeRenderer(tmp_path / "page.token")
    yield fake, tmp_path / "page.token"
    fake.end()


def answer_of(fake, query):
    async def run():
        async with aiohttp.ClientSession() as session, session.ws_connect(f"{fake.site}ws{query}") as way:
            return await Client(way).ask("/image/jitter", {"value": 0.5})

    return asyncio.run(run())


def test_a_page_for_other_machines_takes_commands_with_its_token_only(public):
    fake, file = public
    token = file.read_text().strip()
    assert fake.url.endswith(f"/?token={token}")
    assert answer_of(fake, f"?token={token}")["error"] == ""
    for query in ("", "?token=", "?token=wrong"):
        assert "token" in answer_of(fake, query)["error"]
    assert len(fake.asked) == 1


def test_a_sound_is_fetched_with_the_token_only(public):
    fake, file = public
    fake.sounds["abc"] = b"RIFF"
    assert get(fake, f"/wav/abc?token={file.read_text().strip()}")[::2] == (200, b"RIFF")
    assert [get(fake, f"/wav/{one}")[0] for one in ("abc", "abc?token=", "abc?token=wrong")] == [403] * 3


def test_the_token_of_a_page_stays_the_same(public, tmp_path):
    again = FakeRenderer(tmp_path / "page.token")
    assert again.url.partition("?")[2] == public[0].url.partition("?")[2]
    again.end()
