"""Commands and status over the page's WebSocket."""

import asyncio
import time
from concurrent.futures import Future

import pytest
from page_clients import (
    a_fake_renderer,  # noqa: F401 - a fixture
    with_clients,
)
from test_live_link import WRONG

from renderer.web.viewer import MAX_ASKED


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


@pytest.mark.parametrize("wrong", WRONG)
def test_oscillators_over_the_web_socket_keep_to_the_command_table(fake, wrong):
    values = {"number": 1, "function": "sin", "magnitude": 1.0, "period": 4.0, "axes": [0], **wrong}
    error = with_clients(fake, lambda client: client.ask("/image/oscillator", values))["error"]
    assert error and "failed" not in error
    assert not fake.asked
