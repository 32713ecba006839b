"""The page of a server without images: what it asks of the sound, over the link, from a real `hallu serve`."""

import asyncio
import io
import json
import re
import time

import aiohttp
import numpy as np
import pytest
import soundfile
from conftest import RunningServer, running_with
from pythonosc.osc_message import OscMessage
from waiting import PATIENCE_S


@pytest.fixture(scope="module")
def running(tmp_path_factory, models):
    server = RunningServer(tmp_path_factory.mktemp("server"), models, "--image-port", "0", "--no-image")
    yield from running_with(server, "magenta_small")


@pytest.fixture(scope="module")
def page(running):
    return address(running)


def address(running):
    """The page's address, which the server logs."""
    end = time.monotonic() + PATIENCE_S
    while not (found := re.search(r"page at (http\S+)", "".join(running.errors))):
        assert time.monotonic() < end, running.errors
        time.sleep(0.05)
    return found[1]


def talk(page, play, path="ws"):
    """What `play` returns with a WebSocket of the page."""

    async def run():
        async with aiohttp.ClientSession() as session, session.ws_connect(page + path) as socket:
            return await asyncio.wait_for(play(Page(session, socket, page)), PATIENCE_S)

    return asyncio.run(run())


class Page:
    """One viewer: `progress` are the steps that it was told of, `status` what it shows."""

    def __init__(self, session, socket, url):
        self.session, self.socket, self.url = session, socket, url
        self.progress, self.status, self._number = [], {}, 0
        self.parts, self.answers = [], {}

    async def take(self):
        message = await self.socket.receive()
        if message.type != aiohttp.WSMsgType.TEXT:
            return {}
        received = json.loads(message.data)
        self.status |= received.get("status", {})
        if "progress" in received:
            self.progress.append((received["done"], received["total"]))
        if "part" in received:
            self.parts.append(received["reply"])
        if "answer" in received:
            self.answers[received["answer"]] = received
        return received

    async def send(self, address, **values):
        """Ask without waiting for the answer; its number."""
        self._number += 1
        await self.socket.send_json({"ask": self._number, "address": address, "values": values})
        return self._number

    async def ask(self, address, **values):
        """Error and replies."""
        self._number += 1
        await self.socket.send_json({"ask": self._number, "address": address, "values": values})
        while (received := await self.take()).get("answer") != self._number:
            pass
        return received["error"], received.get("replies", [])

    async def until(self, name, value):
        while self.status.get(name) != value:
            await self.take()

    async def wav(self, path):
        async with self.session.get(self.url + path) as answer:
            return answer.status, await answer.read()


def test_a_slot_is_filled_and_its_note_is_fetched_and_equals_what_a_client_gets(running, page):
    async def play(page):
        error, replies = await page.ask("/sound/randomize_z", slot=["page"])
        assert (error, replies[0][:2], len(replies[0])) == ("", ["/sound/z", "page"], 66)
        _, ((address, target, path, frames, rate),) = await page.ask("/sound/note", target="n", slot="page", pitch=44)
        status, body = await page.wav(path)
        return status, body, (address, target, frames, rate)

    status, body, reply = talk(page, play)
    wave, rate = soundfile.read(io.BytesIO(body))
    assert (status, reply) == (200, ("/sound/audio", "n", len(wave), rate))
    spooled = next(one for one in running.send("/sound/note", "n", "page", 44) if one.address == "/sound/audio")
    level = next(one for one in running.send("/sound/load", "magenta_small") if one.address == "/sound/level")
    wanted = np.clip(soundfile.read(spooled.args[1])[0] * 10 ** (level.args[1] / 20), -1, 1)
    np.testing.assert_allclose(wave, wanted, atol=1e-3)


def test_a_hallucination_reports_its_progress(page):
    async def play(page):
        error, replies = await page.ask("/sound/hallucinate", target="cloud", notes=4, steps=3)
        return error, replies[0][:2], page.progress

    error, reply, progress = talk(page, play)
    assert (error, reply) == ("", ["/sound/audio", "cloud"])
    assert progress[-1] == (13, 13)


STREAM = {"steps": 2, "spacing": 0.1, "start_trim": 0, "attack": 0.1, "sustain": 0.1, "release": 0.1, "pitch": 44}


def test_a_stream_is_played_steered_and_stopped_and_its_segments_meet(page):
    async def play(page):
        asked = await page.send("/sound/stream", target="river", slot=[], **STREAM)
        played_s, waves = 0.0, []
        while asked not in page.answers:
            await page.take()
            for _, _, _, path, frames, rate, first in page.parts[len(waves) :]:
                wave, _ = soundfile.read(io.BytesIO((await page.wav(path))[1]))
                assert (len(wave), first) == (frames, sum(map(len, waves)))
                waves.append(wave)
                played_s = first / rate
                await page.send("/sound/stream_position", target="river", seconds=played_s)
                if len(waves) == 3:
                    set_ = await page.ask("/sound/stream_set", target="river", name="spacing", value=["0.05"])
                    assert set_ == ("", [])
                if len(waves) == 8:
                    await page.send("/sound/stream_stop", target="river")
        return page.answers[asked], np.concatenate(waves)

    answer, wave = talk(page, play)
    assert (answer["error"], answer["replies"]) == ("", [["/sound/underruns", "river", 0]])
    assert 0.05 < np.abs(wave).max() < 0.9
    assert np.abs(wave[-16:]).max() < 0.02


def test_an_error_is_the_servers_sentence(page):
    async def play(page):
        return [
            await page.ask("/sound/note", target="n", slot="page", pitch=1),
            await page.ask("/sound/stream_position", target="n", seconds=1.0),
            await page.ask("/image/bpm", value=99),
        ]

    wrong, stream, image = talk(page, play)
    assert "pitch" in wrong[0]
    assert stream == ("nothing with the target 'n' is streaming", [])
    assert "no renderer is connected" in image[0]


def test_what_a_client_sets_is_on_the_page_and_what_the_page_sets_is_listened_to(running, page):
    async def follow(page):
        running.send("/sound/seed", 4711)
        while page.status.get("values", {}).get("/sound/seed") != [4711]:
            await page.take()
        return page.status["pitches"], page.status["images"], page.status["choices"]["/sound/load"]["checkpoint"]

    pitches, images, names = talk(page, follow)
    assert (len(pitches) > 0, images, names) == (True, False, ["magenta_small"])

    async def listen(listener):
        await listener.socket.send_json({"COMMAND": "LISTEN", "DATA": "/sound/seed"})
        await asyncio.sleep(0.3)
        async with listener.session.ws_connect(page + "ws") as other:
            await Page(listener.session, other, page).ask("/sound/seed", seed=12)
            return OscMessage((await listener.socket.receive()).data).params

    assert talk(page, listen, "") == [12]


def test_the_kind_of_note_that_a_client_sets_is_on_the_page(tmp_path, band):
    async def follow(page):
        running.send("/sound/condition", "family", "brass")
        while page.status.get("conditions", {}).get("family", {}).get("set") != ["brass"]:
            await page.take()
        return "flute" in page.status["conditions"]["family"]["values"]

    running = RunningServer(tmp_path, band, "--image-port", "0", "--no-image")
    try:
        running.send("/sound/load", "band")
        assert talk(address(running), follow)
    finally:
        running.stop()


def test_a_session_is_saved_listed_and_deleted_from_the_page(page):
    async def play(page):
        await page.ask("/session/save", name="tonight")
        _, listed = await page.ask("/session/list")
        error, _ = await page.ask("/session/load", name="tonight")
        await page.ask("/session/delete", name="tonight")
        return listed, error, (await page.ask("/session/list"))[1]

    assert talk(page, play) == ([["/session/names", "tonight"]], "", [["/session/names"]])


def test_a_sound_that_nobody_asked_for_is_not_there(page):
    async def play(page):
        return (await page.wav("wav/0123456789abcdef"))[0]

    assert talk(page, play) == 404
