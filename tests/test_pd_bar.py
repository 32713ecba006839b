"""The bar at the top of every patch, in a real Pd: what it shows, word for word."""

import re
from contextlib import closing

import pytest
from fake_server import FakeServer
from pythonosc.osc_message import OscMessage

from pd import PD, pd_running

PATCH = "#N canvas 0 0 900 300 12;\n#X obj 20 10 hallu-bar strip;\n#X obj 20 200 table z 7;\n"
WIDTH = 60  # characters beside the buttons


class Bar:
    """The patch above, whose requests are answered by one server, and what its two lines show."""

    def __init__(self, pd):
        self.pd = pd
        self.number = next(n for n in range(1001, 1010) if self.knows(n))
        for name in ("strip-answer", self.name("says"), self.name("info")):
            pd.listen(name)

    def knows(self, number):
        """Whether the bar has this $0: only its own box of the name reports what is set."""
        self.pd.listen(f"{number}-name")
        self.pd.to(f"{number}-set-name", "symbol fluid")
        self.pd.to(f"{number}-set-name", "bang")
        self.pd.to("report", "asked")
        self.pd.wait("asked")
        return any(message[0] == f"{number}-name" for message in self.pd.heard)

    def name(self, name):
        return f"{self.number}-{name}"

    def connect(self, port):
        self.pd.to("hallu-connect", f"127.0.0.1 {port}")

    def ask(self, request):
        self.pd.to("strip-ask", request)

    def says(self):
        """The next line at the bottom."""
        return self.pd.wait(self.name("says"), "label")[0]

    def info(self):
        """The next line beside the buttons."""
        return self.pd.wait(self.name("info"), "label")[0]

    def until_says(self, line):
        while self.says() != line:
            pass


@pytest.fixture
def bar(tmp_path):
    with pd_running(tmp_path, PATCH) as pd:
        yield Bar(pd)


def test_the_bar_names_the_loaded_model(bar, server):
    bar.connect(server.port)
    line = bar.info()
    assert line == "magenta_small: 4 s at 16000 Hz, pitches 24 to 84"
    assert len(line) < WIDTH


def test_the_bar_names_the_one_pitch_of_a_model(bar):
    with closing(FakeServer()) as server:
        bar.connect(server.port)
        bar.ask("load drum")
        address, _, sender = server.receive()
        server.send(sender, "/sound/loaded", "drum", 32000, 16000, 4, 60)
        server.send(sender, "/done", address)
        assert bar.info() == "drum: 2 s at 16000 Hz, pitch 60"


def test_a_server_that_is_found_takes_the_complaint_away(bar, start_server):
    bar.connect(9)
    bar.ask("randomize_z z")
    bar.until_says("no server at 127.0.0.1 9")
    bar.connect(start_server().port)
    assert bar.says() == "ready"
    bar.pd.wait("strip-answer", "server", 1)


def test_without_a_model_the_bar_says_which_button(bar, start_server):
    bar.connect(start_server().port)
    bar.pd.wait("strip-answer", "server", 1)
    bar.ask("randomize_z z")
    bar.until_says("no model is loaded; click load, or send /sound/load")


def test_the_bar_says_in_plain_words_what_is_ready(bar, server):
    bar.connect(server.port)
    bar.pd.wait("strip-answer", "loaded")
    bar.ask("randomize_z z")
    bar.until_says("a new timbre")
    bar.ask("slerp_z z z z 0.5")
    bar.until_says("the timbres are mixed")
    bar.ask("synthesize z @note 36")
    bar.until_says("the note is ready")
    bar.ask("hallucinate @path 1 0 0.2 0 0.2 0.2 0.2")
    bar.until_says("note 1 of 1")
    bar.until_says("the hallucination is ready")


def test_no_value_object_lies_on_a_patch_that_people_play():
    for path in PD.glob("*.pd"):
        if path.stem.startswith("hallu-"):
            continue
        outside = re.sub(r"#N canvas[^;]*;\n(?:(?!#N canvas).)*?#X restore[^;]*;", "", path.read_text()[1:], flags=re.S)
        while (
            inner := re.sub(r"#N canvas[^;]*;\n(?:(?!#N canvas).)*?#X restore[^;]*;", "", outside, flags=re.S)
        ) != outside:
            outside = inner
        assert re.findall(r"#X obj \d+ \d+ v ", outside) == [], path


def tell(fake, *messages):
    """Answer the next heartbeat with these messages, in place of what a fake server answers by itself."""
    while True:
        data, sender = fake.socket.recvfrom(65536)
        if OscMessage(data).address == "/status":
            for message in messages:
                fake.send(sender, *message)
            return


LINE = "far.example:7774"
STATUS = (("/status.reply", "-", "-", 0, "-", 1.0, "0"), ("/done", "/status"))


@pytest.mark.parametrize(
    ("messages", "shown"),
    [
        ((("/status.line", "found", LINE, 0.0404), *STATUS), "server found by the bridge, 40 ms"),
        (
            (("/status.line", "cut", LINE, 7.0), ("/fail", "/status", "-", "cut")),
            f"the line to {LINE} is cut: reconnecting",
        ),
        (
            (("/status.line", "searching", LINE, 7.0), ("/fail", "/status", "-", "no answer")),
            f"the bridge gets no answer from {LINE}",
        ),
    ],
)
def test_the_bar_says_what_a_bridge_says_of_its_line(bar, messages, shown):
    bar.pd.listen(bar.name("where"))
    fake = FakeServer()
    try:
        bar.connect(fake.port)
        tell(fake, *messages)
        while bar.pd.wait(bar.name("where"), "label")[0] != shown:
            pass
        # The next state takes its place; a request that failed stays where requests are shown.
        tell(fake, ("/status.line", "found", LINE, 0.1), *STATUS)
        while bar.pd.wait(bar.name("where"), "label")[0] != "server found by the bridge, 100 ms":
            pass
    finally:
        fake.close()
