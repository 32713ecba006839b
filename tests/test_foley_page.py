"""The sampling tool in a real Chromium: load a film, prime, sample, see, hear, save; by keyboard, on a phone."""

import json
import math
import socket
import time
from contextlib import closing, suppress
from fractions import Fraction
from http.client import HTTPConnection

import numpy as np
import pytest
import small_foley
import soundfile
from browser import a_chromium  # noqa: F401 - a fixture
from waiting import PATIENCE_S

import specvqgan
from core.audio.blocks import Wave
from renderer.video.mp4 import Mp4
from specvqgan.page.server import SamplingPage
from specvqgan.page.session import PageSession

READY = "document.getElementById('status').textContent.trim()"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("page")


@pytest.fixture(scope="module")
def model(folder):
    model = specvqgan.load_foley(small_foley.write(folder / "small"))
    # Its networks are compiled before somebody waits at a page.
    model.generate(small_foley.film(3.0), 12.0)
    return model


@pytest.fixture(scope="module")
def film(folder):
    """A film of three seconds with a sound."""
    path, frames = folder / "street.mp4", small_foley.film(3.0)
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(3 * 22050) / 22050)
    writer = Mp4(path, 48, 64, Fraction(12), Wave(tone, 22050))
    for frame in frames:
        writer.write(frame)
    writer.finish()
    return path


@pytest.fixture
def served(model, tmp_path):
    session = PageSession(model, tmp_path / "out")
    page = SamplingPage(session)
    url = page.start()
    yield session, url
    page.stop()
    session.close()


@pytest.fixture
def tab(chromium, served):
    tab = chromium.tab(served[1])
    tab.wait(f"{READY} === 'Load a film first'")
    yield tab
    foreign = [url for url in tab.requests if not url.startswith((served[1], "blob:"))]
    faults = [one for one in tab.faults if "400" not in str(one)]
    tab.close()
    assert (foreign, faults) == ([], [])


def load(tab, path):
    """Choose a file, as the browser's dialog would."""
    root = tab.call("DOM.getDocument")["root"]["nodeId"]
    node = tab.call("DOM.querySelector", nodeId=root, selector="#film")["nodeId"]
    tab.call("DOM.setFileInputFiles", nodeId=node, files=[str(path)])
    tab.wait("document.getElementById('clip').textContent.includes(',')")


def click(tab, selector):
    """Click into the middle of what may be below the window's edge."""
    tab.js(f"document.querySelector({selector!r}).scrollIntoView({{block: 'center'}})")
    tab.click(selector)


def sample(tab):
    click(tab, "#sample")
    # A picture that is still to come moves what is below it.
    shown = "!document.getElementById('mel').hidden && document.getElementById('mel').complete"
    tab.wait(f"{READY} === 'Done' && {shown}")


def test_a_film_is_loaded_sampled_seen_heard_and_saved(tab, served, film, tmp_path):
    load(tab, film)
    assert tab.text("#clip") == "street.mp4, 3.02 s"
    tab.js("document.getElementById('seconds').value = 2")
    sample(tab)
    session = served[0]
    tab.wait("document.getElementById('mel').naturalWidth > 100")
    codes = session.sample.codes
    assert (
        tab.js("document.getElementById('codes').ariaLabel")
        == f"Codes, {codes.shape[0]} rows and {codes.shape[1]} columns"
    )
    tab.wait("!document.getElementById('play').disabled")
    click(tab, "#play")
    tab.wait("document.getElementById('play').textContent === 'Stop' && !document.getElementById('now').hidden")
    click(tab, "#save")
    tab.wait("document.getElementById('saved').textContent.startsWith('saved street.wav')")
    wave, rate = soundfile.read(tmp_path / "out" / "street.wav")
    assert len(wave) == 2 * rate
    assert json.loads((tmp_path / "out" / "street.json").read_text())["codes"] == codes.tolist()
    assert (tmp_path / "out" / "street.png").read_bytes().startswith(b"\x89PNG")


def test_priming_begins_with_the_films_own_codes(tab, served, film):
    load(tab, film)
    click(tab, "#prime")
    sample(tab)
    session = served[0]
    half = small_foley.COLUMNS // 2
    assert session.sample.primed == half
    assert np.array_equal(session.sample.codes[:, :half], session.clip.codes[:, :half])
    assert "the first 6 columns given" in tab.js("document.getElementById('codes').ariaLabel")


# Answers about the state arrive only when they are let go.
LATE_STATES = """
const real = window.fetch;
window.late = [];
window.fetch = async (where, ...more) => {
  const answer = await real(where, ...more);
  if (String(where).startsWith("/state")) await new Promise((go) => window.late.push(go));
  return answer;
};
"""


def test_nothing_moves_when_the_films_pictures_arrive(tab, film):
    load(tab, film)
    tab.wait("document.getElementById('sheet').complete")
    top = "document.getElementById('prime').getBoundingClientRect().top"
    there = tab.js(top)
    tab.js("document.getElementById('sheet').removeAttribute('src')")
    assert tab.js(top) == there


def test_a_late_answer_from_before_a_command_changes_nothing(tab, served, film):
    tab.js(LATE_STATES)
    tab.wait("window.late.length > 0")
    load(tab, film)
    click(tab, "#prime")
    tab.js("window.late.forEach((go) => go())")
    tab.js("new Promise((go) => setTimeout(go, 300))")
    assert tab.js("document.getElementById('prime').checked")


def test_the_same_seed_gives_the_same_codes_and_another_seed_others(tab, served, film):
    load(tab, film)
    sample(tab)
    first = served[0].sample
    click(tab, "#again")
    seed = int(tab.js("document.getElementById('seed').value"))
    click(tab, "#sample")
    tab.wait("document.getElementById('mel').src.includes('of=2')")
    assert served[0].sample.wish.seed == seed != first.wish.seed
    assert not np.array_equal(served[0].sample.codes, first.codes)


def test_it_works_by_keyboard_alone(tab, served, film):
    load(tab, film)
    order = []
    for _ in range(14):
        tab.press("Tab")
        order.append(tab.js("document.activeElement.id"))
    wanted = ["film", "drop", "seconds", "temperature", "top_k", "seed", "again", "prime", "sample", "codes"]
    assert [one for one in order if one in wanted][: len(wanted)] == wanted
    tab.js("document.getElementById('seconds').focus()")
    tab.press("Enter")
    # A picture that is still to come moves what is below it.
    shown = "!document.getElementById('mel').hidden && document.getElementById('mel').complete"
    tab.wait(f"{READY} === 'Done' && {shown}")
    tab.js("document.getElementById('codes').focus()")
    tab.press("ArrowRight")
    assert tab.text("#code").startswith("row 1, column 2: code ")


def test_a_value_that_breaks_a_rule_is_said(tab, served, film):
    load(tab, film)
    tab.js("document.getElementById('temperature').removeAttribute('max')")
    tab.js("document.getElementById('temperature').value = 99")
    click(tab, "#sample")
    tab.wait("!document.getElementById('problem').hidden")
    assert "temperature must be in 0..10" in tab.text("#problem")


def test_a_file_that_is_not_a_film_is_said(tab, tmp_path):
    (tmp_path / "notes.txt").write_text("no film")
    root = tab.call("DOM.getDocument")["root"]["nodeId"]
    node = tab.call("DOM.querySelector", nodeId=root, selector="#film")["nodeId"]
    tab.call("DOM.setFileInputFiles", nodeId=node, files=[str(tmp_path / "notes.txt")])
    tab.wait("!document.getElementById('problem').hidden")
    assert "notes.txt cannot be read as a film" in tab.text("#problem")


def test_it_fits_a_phone(tab, film):
    tab.resize(390, 844)
    load(tab, film)
    sample(tab)
    assert tab.js("document.documentElement.scrollWidth") <= 390
    touched = "[...document.querySelectorAll('button, select, input[type=number]')]"
    small = f"{touched}.filter(one => one.checkVisibility() && one.offsetHeight < 40).length"
    assert tab.js(small) == 0


def request(url, method, path, body=None, headers=None):
    host, _, port = url.split("//")[1].strip("/").split("?")[0].strip("/").partition(":")
    with closing(HTTPConnection(host, int(port), timeout=PATIENCE_S)) as connection:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()


@pytest.mark.parametrize(
    "body, reason",
    [("[]", "must be a JSON object"), ("{" * 5000, "must be a JSON object"), ("{}", "load a clip first")],
)
def test_malformed_commands_are_refused_in_one_sentence(served, body, reason):
    status, reply = request(served[1], "POST", "/sample", body)
    assert status == 400 and reason in json.loads(reply)["error"]


def sent(url, *parts):
    """The answer to a request that arrives in parts, with a moment between them."""
    port = int(url.strip("/").rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as end:
        for part in parts:
            end.sendall(part)
            time.sleep(0.1)
        return end.makefile("rb").read(12)


def posted(path, length):
    return f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n".encode()


def test_a_command_may_arrive_in_parts(served, film):
    served[0].open(film, "street.mp4")
    assert sent(served[1], posted("/sample", 15), b'{"secon', b'ds": 1} ') == b"HTTP/1.1 200"


def test_a_film_that_stops_arriving_is_given_up(served, monkeypatch):
    monkeypatch.setattr("specvqgan.page.server._PATIENCE_S", 0.5)
    assert sent(served[1], posted("/clip?name=a.mp4", 1000), b"the first of them") == b"HTTP/1.1 400"
    assert not list(served[0].folder.iterdir())


def test_films_that_do_not_arrive_leave_the_page_to_others(served, monkeypatch):
    monkeypatch.setattr("specvqgan.page.server._PATIENCE_S", 0.5)
    port = int(served[1].strip("/").rpartition(":")[2])
    ends = [socket.create_connection(("127.0.0.1", port), PATIENCE_S) for _ in range(80)]
    try:
        for end in ends:
            with suppress(ConnectionError):
                end.sendall(posted("/clip?name=a.mp4", 1000))
        most, end_s = 0, time.monotonic() + PATIENCE_S
        while request(served[1], "GET", "/state")[0] != 200:
            most = max(most, len(list(served[0].folder.iterdir())))
            assert time.monotonic() < end_s
            time.sleep(0.1)
        assert most <= 2
    finally:
        for end in ends:
            end.close()


def test_a_film_with_a_long_name_can_be_saved(served, film):
    served[0].open(film, 40 * "\u97f3\u6d77" + ".mp4")
    served[0].start({"seconds": 0.5})
    served[0].wait(PATIENCE_S)
    assert [path.suffix for path in served[0].save()] == [".wav", ".png", ".json"]


def test_nothing_yet_is_404_and_another_site_is_403(served):
    assert request(served[1], "GET", "/sound.wav")[0] == 404
    assert request(served[1], "GET", "/state", headers={"Origin": "http://evil.example"})[0] == 403
    assert request(served[1], "GET", "/state", headers={"Host": "evil.example"})[0] == 403


def test_from_another_machine_it_needs_the_token(model, tmp_path):
    session = PageSession(model, tmp_path / "out")
    page = SamplingPage(session)
    url = page.start("0.0.0.0", 0, tmp_path / "token")
    local = f"http://127.0.0.1:{url.rpartition(':')[2].partition('/')[0]}/"
    token = url.partition("token=")[2]
    try:
        assert len(token) > 15
        assert request(local, "GET", "/state")[0] == 403 and request(local, "POST", "/save")[0] == 403
        assert request(local, "GET", f"/state?token={token}")[0] == 200
    finally:
        page.stop()
        session.close()


def test_what_is_seen_is_as_long_as_what_is_heard(model, film, tmp_path):
    session = PageSession(model, tmp_path / "out")
    session.open(film, "street.mp4")
    session.start({"seconds": 1.0})
    session.wait(60)
    assert session.sample.mel.shape[1] == 87
    assert session.sample.codes.shape[1] == math.ceil(87 / model.codebook.config.stride)
    session.close()


def test_what_is_sampled_can_be_cancelled(model, film, tmp_path):
    session = PageSession(model, tmp_path / "out")
    session.open(film, "street.mp4")
    session.start({"seconds": 60.0})
    session.cancel()
    session.wait(PATIENCE_S)
    assert session.state()["error"] == "cancelled" and session.sample is None


def test_a_film_of_one_picture_gets_a_sound_of_the_shortest_length(tab, served, tmp_path, caplog):
    writer = Mp4(tmp_path / "blink.mp4", 48, 64, Fraction(25))
    writer.write(small_foley.film(1.0)[0])
    writer.finish()
    with caplog.at_level("INFO"):
        load(tab, tmp_path / "blink.mp4")
    assert tab.js("document.getElementById('seconds').value") == "0.5"
    sample(tab)
    assert len(served[0].sample.wave) == 11025
    assert "blink.mp4 is taken as silent: it is" in caplog.text
