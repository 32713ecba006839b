"""OSCQuery: the command table over HTTP and a WebSocket, asked by python-oscquery, by aiohttp, and by a browser."""

import asyncio
import json

import aiohttp
import pytest
from page_renderer import FakeRenderer
from pythonosc.osc_message import OscMessage
from pythonoscquery.osc_query_client import OSCQueryClient
from waiting import PATIENCE_S
from zeroconf import ServiceInfo

from core.commands import oscquery
from core.commands.table import TABLE


@pytest.fixture(scope="module")
def fake():
    fake = FakeRenderer()
    fake.status |= {
        "values": {"/image/truncation": [0.6], "/image/edits": [], "/sound/seed": [7], "/sound/set_edits": [0.5, -1.0]},
        "choices": {"/sound/load": {"checkpoint": ["fluid", "percussion"]}},
    }
    yield fake
    fake.end()


@pytest.fixture
def client(fake):
    """python-oscquery's client, as its browser would make it."""
    name = "hallu._oscjson._tcp.local."
    return OSCQueryClient(ServiceInfo("_oscjson._tcp.local.", name, fake.port, addresses=[bytes([127, 0, 0, 1])]))


def get(fake, path, accept=None, headers=()):
    """Status, JSON and text of a GET."""

    async def ask():
        sent = dict(headers) | ({"Accept": accept} if accept else {})
        async with aiohttp.ClientSession() as session, session.get(fake.site.rstrip("/") + path, headers=sent) as got:
            text = await got.text()
            return got.status, json.loads(text) if got.content_type == "application/json" else None, text

    return asyncio.run(ask())


def test_python_oscquery_reads_the_host(client):
    info = client.get_host_info()
    assert (info.name, info.osc_port, info.osc_transport) == ("hallu on stage", 7770, "UDP")
    assert info.extensions["LISTEN"]


def test_python_oscquery_reads_a_value(client):
    node = client.query_node("/image/truncation")
    assert (node.full_path, node.value, node.access.value) == ("/image/truncation", [0.6], 3)


def test_python_oscquery_finds_no_node_where_there_is_none(client):
    assert client.query_node("/image/nothing") is None


def test_the_root_has_every_command_once(fake):
    def methods(node):
        if "CONTENTS" not in node:
            return [node["FULL_PATH"]]
        return [path for inside in node["CONTENTS"].values() for path in methods(inside)]

    assert sorted(methods(get(fake, "/")[1])) == sorted(spec.address for spec in TABLE)


def test_a_browser_gets_the_page_and_a_host_the_address_space(fake):
    assert get(fake, "/", "text/html,application/xhtml+xml,*/*;q=0.8")[2].startswith("<!doctype html>")
    assert get(fake, "/", "*/*")[1]["FULL_PATH"] == "/"
    assert get(fake, "/?HOST_INFO", "text/html")[1]["OSC_PORT"] == 7770


def test_a_container_has_what_is_below_it(fake):
    found = get(fake, "/session")[1]
    assert set(found["CONTENTS"]) == {"save", "load", "list", "delete"}
    assert found["ACCESS"] == 0


def test_ranges_units_and_types_are_those_of_the_table(fake):
    found = get(fake, "/sound/hallucinate")[1]
    assert found["TYPE"] == "siifffffi"
    assert found["RANGE"][1:4] == [{"MIN": 1, "MAX": 1000}, {"MIN": 0, "MAX": 1000}, {"MIN": 0.0, "MAX": 60.0}]
    assert found["UNIT"][2:4] == [None, "time.second"]
    assert get(fake, "/image/mode")[1]["RANGE"] == [{"VALS": ["follow", "tempo", "free"]}]
    assert get(fake, "/image/bpm?UNIT")[1] == {"UNIT": ["time.bpm"]}


def test_names_that_there_are_now_are_a_range(fake):
    assert get(fake, "/sound/load?RANGE")[1] == {"RANGE": [{"VALS": ["fluid", "percussion"]}]}


def test_a_value_of_any_length_has_as_many_types(fake):
    found = get(fake, "/sound/set_edits")[1]
    assert (found["TYPE"], found["VALUE"], len(found["RANGE"])) == ("ff", [0.5, -1.0], 2)


def test_a_command_without_arguments_is_a_button(fake):
    assert get(fake, "/sound/unload?TYPE")[1] == {"TYPE": "N"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/image/truncation?VALUE", 200),
        ("/image/edits?VALUE", 200),
        ("/sound/hallucinate?VALUE", 204),
        ("/image?TYPE", 204),
        ("/image/truncation?COLOUR", 400),
        ("/image/truncation?VALUE&TYPE", 400),
        ("/image/nothing", 404),
        ("/image/nothing?VALUE", 404),
        ("/imag", 404),
        ("/../state.npz", 404),
    ],
)
def test_every_query_has_the_status_of_the_proposal(fake, path, status):
    assert get(fake, path)[0] == status


def test_what_is_not_set_yet_has_an_empty_answer(fake):
    assert get(fake, "/image/edits?VALUE")[1] == {}


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}])
def test_a_foreign_page_gets_no_address_space(fake, headers):
    assert get(fake, "/", headers=headers)[0] == 403


def listening(fake, play):
    """What `play` returns with a WebSocket of OSCQuery."""

    async def run():
        async with aiohttp.ClientSession() as session, session.ws_connect(fake.site) as socket:
            return await asyncio.wait_for(play(socket), PATIENCE_S)

    return asyncio.run(run())


def test_a_value_that_changes_is_sent_as_an_osc_packet(fake):
    async def play(socket):
        await socket.send_json({"COMMAND": "LISTEN", "DATA": "/image/truncation"})
        await asyncio.sleep(0.2)
        fake.status["values"] = fake.status["values"] | {"/image/truncation": [0.25], "/sound/seed": [8]}
        message = OscMessage((await socket.receive()).data)
        return message.address, message.params

    assert listening(fake, play) == ("/image/truncation", [0.25])


def test_what_is_ignored_is_not_sent_any_more_and_rubbish_disturbs_nobody(fake):
    async def play(socket):
        for path in ("/image/truncation", "/sound/seed", "/none"):
            await socket.send_json({"COMMAND": "LISTEN", "DATA": path})
        for text in ("{", "[" * 2000, "3", '{"COMMAND": "LISTEN", "DATA": 3}', '{"COMMAND": {}, "DATA": "/status"}'):
            await socket.send_str(text)
        await socket.send_json({"COMMAND": "IGNORE", "DATA": "/image/truncation"})
        await asyncio.sleep(0.2)
        fake.status["values"] = fake.status["values"] | {"/image/truncation": [0.5]}
        await asyncio.sleep(0.2)
        fake.status["values"] = fake.status["values"] | {"/sound/seed": [99]}
        return OscMessage((await socket.receive()).data).params

    assert listening(fake, play) == [99]


def test_a_node_whose_names_change_is_to_be_read_again(fake):
    async def play(socket):
        await asyncio.sleep(0.2)
        fake.status["choices"] = {"/sound/load": {"checkpoint": ["fluid"]}}
        return (await socket.receive()).json()

    assert listening(fake, play) == {"COMMAND": "PATH_CHANGED", "DATA": "/sound/load"}


def test_no_attribute_is_longer_than_the_types():
    def check(node):
        for inside in node.get("CONTENTS", {}).values():
            check(inside)
        for name in ("RANGE", "UNIT", "CLIPMODE"):
            assert len(node.get(name, node.get("TYPE", ""))) == len(node.get("TYPE", "")), node["FULL_PATH"]

    check(oscquery.node("/", {}, {}))


def test_impulses_and_switches_of_hosts_are_understood():
    from server.osc.packet import Message, decode

    assert list(decode(b"/sound/unload\0\0\0,N\0\0")) == [Message("/sound/unload")]
    assert list(decode(b"/a\0\0,TFI\0\0\0\0")) == [Message("/a", (1, 0))]
