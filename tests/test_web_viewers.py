"""Who watches the page's pictures, over WebSocket and MJPEG: each at a pace of its own."""

import asyncio
import socket
import time

import numpy as np
import pytest
from page_clients import (
    Client,
    a_fake_renderer,  # noqa: F401 - a fixture
    read,
    streaming,
    with_clients,
)
from page_renderer import number_in, picture
from waiting import PATIENCE_S

from renderer.web.viewer import UNSEEN


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
