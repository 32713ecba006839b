"""The Dockerfile: what it starts exists, and it does not run as root. Nothing here builds it."""

import json
import re
from pathlib import Path

import pytest

from renderer.__main__ import PAGE_PORT
from scripts import hallu, hallu_send, hallu_serve
from server.settings import IMAGE_PORT, PORT

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "Dockerfile").read_text(encoding="utf-8")
STAGE = TEXT.rpartition("FROM ")[2]


def words(instruction):
    """The words of an instruction in its JSON form."""
    (found,) = re.findall(rf"^.*\b{instruction} (\[.*\])$", STAGE.replace("ENTRYPOINT", "START"), re.MULTILINE)
    return json.loads(found)


def test_what_it_starts_is_a_command_and_these_are_its_flags():
    start, command = words("START"), re.search(r"^CMD (\[.*\])", STAGE, re.MULTILINE)[1]
    assert start == ["hallu"]
    name, *flags = json.loads(command)
    assert name in hallu.COMMANDS
    options = hallu_serve.parser().parse_args(flags)
    assert (options.host, options.page_host) == ("0.0.0.0", "0.0.0.0")


def test_the_health_check_asks_the_server():
    program, name, *rest = json.loads(re.search(r"HEALTHCHECK .*CMD (\[.*\])", STAGE)[1])
    assert (program, name) == ("hallu", "send")
    assert hallu_send.parser().parse_args(rest).address == "/status"


def test_the_ports_are_those_of_the_server():
    ports = re.search(r"^EXPOSE (.*)", STAGE, re.MULTILINE)[1].split()
    assert ports == [f"{PORT}/udp", f"{IMAGE_PORT}/tcp", f"{IMAGE_PORT + 1}/tcp", f"{PAGE_PORT}/tcp"]


def test_it_does_not_run_as_root():
    assert re.search(r"^USER (.*)", STAGE, re.MULTILINE)[1] == "1000:1000"
    assert STAGE.index("USER") < STAGE.index("ENTRYPOINT")


@pytest.mark.parametrize("name", ["core", "models", "pd", "pyproject.toml", "constraints.txt", ".ci"])
def test_what_the_build_needs_is_not_left_out(name):
    assert name not in (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
