"""The page's server, spoken to by real clients of HTTP, WebSocket and MJPEG."""

import asyncio
import io
import json
import logging
import socket
import time
from concurrent.futures import Future
from contextlib import suppress
from http.client import HTTPConnection

import aiohttp
import numpy as np
import pytest
from page_renderer import FakeRenderer, number_in, picture
from PIL import Image
from test_live_link import WRONG
from waiting import PATIENCE_S

from core.web.gate import MOST
from renderer.web import Frames, WebServer
from renderer.web.viewer import MAX_ASKED, UNSEEN


@pytest.fixture
def fake():
    fake = FakeRenderer()
    yield fake
    fake.end()


def get(fake, path, **headers):
    """Status, headers and body of one request."""
    way = HTTPConnection("127.0.0.1", fake.port, timeout=PATIENCE_S)
    way.request("GET", path, headers=headers)
    answer = way.getresponse()
    body = answer.read()
    way.close()
    return answer.status, answer.headers, body


def read(jpeg):
    return number_in(Image.open(io.BytesIO(jpeg)))


class Client:
    """A WebSocket client that reports what it has seen only on request."""

    def __init__(self, socket):
        self.socket, self.status = socket, {}

    async def hear(self, kind, timeout=PATIENCE_S):
        """The next message that is one of this kind: "picture", "answer" or "status"."""
        while True:
            message = await asyncio.wait_for(self.socket.receive(), timeout)
            if message.type == aiohttp.WSMsgType.BINARY:
                if kind == "picture":
                    return read(message.data)
                continue
            received = json.loads(message.data)
            self.status |= received.get("status", {})
            if kind in received:
                return received

    async def see(self):
        """A picture's number; it is seen at once."""
        number = await self.hear("picture")
        await self.socket.send_json({"seen": True})
        return number

    async def ask(self, address, values, number=1):
        await self.socket.send_json({"ask": number, "address": address, "values": values})
        return await self.hear("answer")


def with_clients(fake, play, count=1, **headers):
    """Run `play` on so many connected clients."""

    async def run():
        async with aiohttp.ClientSession() as session:
            ways = [await session.ws_connect(f"{fake.url}ws", headers=headers) for _ in range(count)]
            return await play(*map(Client, ways))

    return asyncio.run(run())


def test_pictures_arrive_in_order_and_change(fake):
    fake.render()

    async def play(client):
        return [await client.see() for _ in range(20)]

    numbers = with_clients(fake, play)
    assert numbers == sorted(set(numbers))


def test_the_newest_picture_waits_for_who_comes_late(fake):
    for number in (1, 2, 3):
        fake.frames.put(picture(number))
    assert with_clients(fake, Client.see) == 3


def test_nothing_is_encoded_while_nobody_watches(fake):
    fake.render()
    fake.frames.wait(after=10)
    assert fake.frames.encoded == 0


def test_two_viewers_see_the_same_and_it_is_encoded_once(fake):
    async def play(*clients):
        seen = []
        for number in range(1, 16):
            fake.frames.put(picture(number))
            seen.append([await client.see() for client in clients])
        return seen

    assert with_clients(fake, play, count=2) == [[number, number] for number in range(1, 16)]
    assert fake.frames.encoded == 15


def test_a_slow_viewer_skips_pictures_and_sees_none_that_is_old(fake):
    fake.render(100.0)

    async def play(client):
        seen, newest = [], []
        for _ in range(8):
            seen.append(await client.hear("picture"))
            await asyncio.sleep(0.2)
            newest.append(fake.frames.number)
            await client.socket.send_json({"seen": True})
        return seen, newest

    seen, newest = with_clients(fake, play)
    assert seen == sorted(set(seen))
    assert seen[-1] - seen[0] > 4 * len(seen)
    # Each was chosen when the last but one had been seen, not before.
    assert all(number >= there for number, there in zip(seen[UNSEEN:], newest, strict=False))
    assert fake.frames.encoded <= len(seen) + UNSEEN


def test_a_viewer_that_sees_nothing_gets_two_pictures_and_slows_nobody(fake):
    fake.render()

    async def play(asleep, awake):
        began = time.monotonic()
        seen = [await awake.see() for _ in range(50)]
        took_s = time.monotonic() - began
        got = [await asleep.hear("picture") for _ in range(UNSEEN)]
        with pytest.raises(asyncio.TimeoutError):
            await asleep.hear("picture", timeout=0.5)
        await asleep.socket.send_json({"seen": True})
        return seen, took_s, got, await asleep.hear("picture")

    seen, took_s, got, woken = with_clients(fake, play, count=2)
    assert max(got) < seen[10]
    assert woken >= seen[-1]
    assert len(seen) / took_s > 10


def test_what_takes_long_is_answered_when_it_is_done_and_keeps_nobody_waiting(fake):
    later = fake.refuse["/image/load_ganspace_components"] = Future()

    async def play(client):
        await client.socket.send_json(
            {"ask": 1, "address": "/image/load_ganspace_components", "values": {"file": "auto"}}
        )
        first = await client.ask("/image/jitter", {"value": 0.5}, number=2)
        later.set_result("nothing was found")
        return first, await client.hear("answer")

    first, second = with_clients(fake, play)
    assert (first["answer"], first["error"]) == (2, "")
    assert (second["answer"], second["error"]) == (1, "nothing was found")


def test_seeing_more_than_was_sent_earns_nothing(fake):
    fake.frames.put(picture(1))

    async def play(client):
        await client.hear("picture")
        for _ in range(20):
            await client.socket.send_json({"seen": True})
        await client.ask("/image/bpm", {"value": 60})
        for number in range(2, 8):
            fake.frames.put(picture(number))
            await asyncio.sleep(0.05)
        got = [await client.hear("picture") for _ in range(UNSEEN)]
        with pytest.raises(asyncio.TimeoutError):
            await client.hear("picture", timeout=0.5)
        return got

    assert with_clients(fake, play) == [2, 3]


def test_who_does_not_watch_gets_none_and_costs_nothing(fake):
    fake.render()

    async def play(client):
        await client.see()
        await client.socket.send_json({"watch": False})
        await client.ask("/image/bpm", {"value": 90})
        await asyncio.sleep(0.2)
        before = fake.frames.encoded
        await asyncio.sleep(0.5)
        still = fake.frames.encoded
        # What was on its way.
        for _ in range(UNSEEN):
            await client.socket.send_json({"seen": True})
        await client.socket.send_json({"watch": True})
        newest = fake.frames.number
        while await client.see() < newest:
            pass
        return still - before

    assert with_clients(fake, play) == 0


def test_first_all_is_told_then_what_has_changed(fake):
    async def play(client):
        first = (await client.hear("status"))["status"]
        fake.status["playing"] = {"target": "cloud", "position_s": 1.5, "duration_s": 4.0}
        return first, (await client.hear("status"))["status"]

    first, then = with_clients(fake, play)
    assert first["class_weights"] == [0.75, 0.25]
    assert set(first) == set(fake.status)
    assert then == {"playing": {"target": "cloud", "position_s": 1.5, "duration_s": 4.0}}


def test_what_cannot_be_told_is_logged_and_told_when_it_can(fake, caplog):
    fake.status["fps"] = float("nan")

    async def play(client):
        with pytest.raises(asyncio.TimeoutError):
            await client.hear("status", timeout=0.7)

    async def later(client):
        return await client.hear("status")

    with_clients(fake, play)
    assert "cannot be sent" in caplog.text
    fake.status["fps"] = 30.0
    assert with_clients(fake, later)["status"]["fps"] == 30.0


def test_a_command_is_done_and_shows(fake):
    async def play(client):
        await client.hear("status")
        answer = await client.ask("/image/truncation", {"value": 0.5}, number=7)
        return answer, client.status["truncation"]

    assert with_clients(fake, play) == ({"answer": 7, "error": ""}, 0.5)
    assert fake.asked == [("/image/truncation", {"value": 0.5})]


def test_the_renderers_own_sentence_comes_back(fake):
    fake.refuse["/image/load"] = "there is no image model 'x'; there are patterns, glyphs"

    async def play(client):
        return await client.ask("/image/load", {"name": "x"})

    assert with_clients(fake, play)["error"] == fake.refuse["/image/load"]


def test_a_command_that_breaks_is_answered(fake, caplog):
    async def play(client):
        return await client.ask("/image/classes", {"class": ["no number"]})

    assert with_clients(fake, play)["error"].startswith("/image/classes failed: invalid literal")
    assert "Traceback" in caplog.text


def test_a_command_that_takes_long_keeps_no_picture_waiting(fake):
    fake.render()
    fake.delay_s = 1.0

    async def play(client):
        await client.see()
        await client.socket.send_json({"ask": 1, "address": "/image/bpm", "values": {"value": 60}})
        began, count = time.monotonic(), 0
        while not fake.asked:
            await client.see()
            count += 1
        return count / (time.monotonic() - began)

    assert with_clients(fake, play) > 10


def test_commands_are_done_in_order_and_too_many_are_refused(fake):
    fake.delay_s = 0.02

    async def play(client):
        for number in range(MAX_ASKED + 5):
            received = {"ask": number, "address": "/image/bpm", "values": {"value": 20 + number}}
            await client.socket.send_json(received)
        return [await client.hear("answer") for _ in range(MAX_ASKED + 5)]

    answers = with_clients(fake, play)
    refused = [answer for answer in answers if answer["error"]]
    done = [values["value"] for _, values in fake.asked]
    assert refused
    assert all("are waiting" in answer["error"] for answer in refused)
    assert done == sorted(done)
    assert len(done) == MAX_ASKED + 5 - len(refused)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "must be a JSON object"),
        ("[" * 5000, "must be a JSON object"),
        ("3", "must be a JSON object"),
        ("{}", "address must be a name, not None"),
        (
            '{"ask": 1, "address": "/sound/load", "values": {}}',
            "needs 1 argument (checkpoint), not 0",
        ),
        ('{"ask": 1, "address": "/image/load"}', "must be an object, not None"),
        ('{"ask": 1, "address": "/image/load", "values": ["x"]}', "must be an object, not ['x']"),
    ],
)
def test_what_is_no_command_is_answered_and_the_next_one_works(fake, text, reason):
    async def play(client):
        await client.socket.send_str(text)
        wrong = await client.hear("answer")
        return wrong["error"], await client.ask("/image/bpm", {"value": 99})

    error, after = with_clients(fake, play)
    assert reason in error
    assert after["error"] == ""
    assert fake.asked == [("/image/bpm", {"value": 99})]


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


def parts(answer, count):
    """JPEGs of a stream as cameras send them, read by the rules of MIME: boundary, headers, length."""
    kind, _, boundary = answer.headers["Content-Type"].partition("; boundary=")
    assert kind == "multipart/x-mixed-replace"
    assert answer.readline() == f"--{boundary}\r\n".encode()
    for _ in range(count):
        heads = dict(line.decode().strip().split(": ") for line in iter(answer.readline, b"\r\n"))
        assert heads["Content-Type"] == "image/jpeg"
        yield answer.read(int(heads["Content-Length"]))
        assert answer.readline() == b"\r\n"
        assert answer.readline() == f"--{boundary}\r\n".encode()


def streaming(fake):
    way = HTTPConnection("127.0.0.1", fake.port, timeout=PATIENCE_S)
    way.request("GET", "/stream.mjpg")
    return way, way.getresponse()


def test_a_stream_has_distinct_pictures(fake):
    fake.render()
    way, answer = streaming(fake)
    numbers = [read(jpeg) for jpeg in parts(answer, 20)]
    way.close()
    assert numbers == sorted(set(numbers))


def test_a_stream_that_stands_still_goes_on(fake):
    fake.frames.put(picture(9))
    way, answer = streaming(fake)
    assert [read(jpeg) for jpeg in parts(answer, 3)] == [9, 9, 9]
    way.close()
    assert fake.frames.encoded == 1


def test_ffmpeg_plays_the_stream_as_obs_and_vlc_do(fake):
    import av

    fake.render()
    with av.open(f"{fake.url}stream.mjpg", timeout=PATIENCE_S) as stream:
        pictures = [
            frame.to_ndarray(format="rgb24") for _, frame in zip(range(12), stream.decode(video=0), strict=False)
        ]
    numbers = [number_in(image) for image in pictures]
    assert pictures[0].shape == (128, 128, 3)
    assert len(numbers) == 12
    assert numbers == sorted(set(numbers))


def test_a_stream_that_nobody_reads_slows_nobody(fake):
    noise = np.random.default_rng(0).integers(0, 256, (512, 512, 3), np.uint8)
    asleep = socket.create_connection(("127.0.0.1", fake.port))
    asleep.sendall(f"GET /stream.mjpg HTTP/1.1\r\nHost: 127.0.0.1:{fake.port}\r\n\r\n".encode())

    async def play(client):
        for _ in range(40):
            fake.frames.put(noise)
            await client.socket.receive()
            await client.socket.send_json({"seen": True})
        # The stream is full now: pictures that only it could take are not even encoded.
        await asyncio.sleep(0.5)
        before = fake.frames.encoded
        await client.socket.close()
        for _ in range(20):
            fake.frames.put(noise)
            await asyncio.sleep(0.02)
        return fake.frames.encoded - before

    assert with_clients(fake, play) <= 1
    asleep.close()


def test_a_stream_ends_with_its_reader(fake):
    fake.render()
    way, answer = streaming(fake)
    list(parts(answer, 2))
    answer.close()
    way.close()
    end = time.monotonic() + PATIENCE_S
    while True:
        before = fake.frames.encoded
        time.sleep(0.3)
        if fake.frames.encoded == before:
            return
        assert time.monotonic() < end, "pictures are encoded for nobody"


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


@pytest.mark.parametrize("wrong", WRONG)
def test_oscillators_over_the_web_socket_keep_to_the_command_table(fake, wrong):
    values = {"number": 1, "function": "sin", "magnitude": 1.0, "period": 4.0, "axes": [0], **wrong}
    error = with_clients(fake, lambda client: client.ask("/image/oscillator", values))["error"]
    assert error and "failed" not in error
    assert not fake.asked
