"""Who may look and steer, and what the page may load: nothing from outside this machine."""

import re
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from core.web.origin_check import own_names, refusal
from core.web.page_thread import address
from renderer.web.server import STATIC

ROOT = Path(__file__).parent.parent
NAMES = own_names("127.0.0.1")


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1:7773", None),
        ("localhost:7773", "http://localhost:7773"),
        ("LOCALHOST:7773", "http://localhost:7773"),
        ("[::1]:7773", "http://[::1]:7773"),
        ("192.168.0.7:7773", "http://192.168.0.7:7773"),
        ("localhost:9000", "https://localhost:9000"),
    ],
)
def test_the_page_itself_is_let_in(host, origin):
    assert refusal(host, origin, NAMES) == ""


@pytest.mark.parametrize(
    ("host", "origin", "reason"),
    [
        ("evil.example:7773", None, "not called 'evil.example:7773'"),
        ("127.0.0.1.evil.example:7773", None, "not called"),
        ("evil.example:7773", "http://evil.example:7773", "not called"),
        ("", None, "not called"),
        ("[::1", None, "not called"),
        ("localhost:7773", "http://evil.example", "'http://evil.example' may not"),
        ("localhost:7773", "http://localhost:8000", "may not"),
        ("localhost:7773", "null", "may not"),
        ("localhost:7773", "", "may not"),
        ("localhost:7773", "file://localhost:7773", "may not"),
        ("localhost:7773", "http://[", "may not"),
    ],
)
def test_strangers_are_told_why_not(host, origin, reason):
    assert reason in refusal(host, origin, NAMES)


def test_a_name_that_the_page_was_started_on_is_its_own():
    assert refusal("stage.example:80", None, NAMES)
    assert refusal("stage.example:80", None, own_names("stage.example")) == ""


@pytest.mark.parametrize(
    ("host", "url"),
    [("127.0.0.1", "http://127.0.0.1:80/"), ("::1", "http://[::1]:80/"), ("localhost", "http://localhost:80/")],
)
def test_the_address_is_one_that_a_browser_takes(host, url):
    assert address(host, 80) == url


@pytest.mark.parametrize("host", ["0.0.0.0", "::", ""])
def test_a_page_for_all_is_called_by_the_machines_name(host):
    name = address(host, 80).removeprefix("http://").removesuffix(":80/")
    assert name.lower() in own_names(host)


@pytest.mark.parametrize("path", sorted(STATIC.iterdir()), ids=lambda path: path.name)
def test_no_file_of_the_page_names_another_machine(path):
    text = path.read_text(encoding="utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.findall(r"(?:https?:|wss?:)//(?!\$)|url\(|@import|[\"']//", text)


def test_the_page_travels_in_the_wheel():
    packed = {Path(file.distribution_path) for file in WheelBuilder(str(ROOT)).recurse_included_files()}
    assert {path.name for path in STATIC.iterdir()} >= {"page.html", "page.css", "main.js"}
    assert {path.relative_to(ROOT) for path in STATIC.iterdir()} <= packed
