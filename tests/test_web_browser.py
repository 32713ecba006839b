"""The page in a real Chromium: the image, what the renderer does, what the page asks the network for."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from browser import a_chromium  # noqa: F401 - a fixture
from browser_page import (
    NUMBER,
    a_fake_renderer,  # noqa: F401 - a fixture
    an_open_tab,  # noqa: F401 - a fixture
    received,
    value,
)
from page_renderer import DIRECTED, picture
from waiting import until


def test_pictures_arrive_and_change(tab, fake):
    fake.render(30.0)
    seen = [tab.wait(NUMBER)]
    while len(seen) < 5:
        seen.append(tab.wait(f"(number => number > {seen[-1]} && number)({NUMBER})"))
    # On a busy machine it may be late, but never stays so.
    until(lambda: fake.frames.number - tab.js(NUMBER) < 30)


def test_a_picture_is_as_large_as_the_window_and_not_distorted(tab, fake):
    fake.frames.put(picture(1))
    tab.wait(NUMBER)
    assert tab.js("JSON.stringify(document.getElementById('picture').getBoundingClientRect())") == tab.js(
        "JSON.stringify(new DOMRect(0, 0, innerWidth, innerHeight))"
    )
    assert tab.js("getComputedStyle(document.getElementById('picture')).objectFit") == "contain"


def test_pixels_are_crisp_or_smooth_and_stay_so(tab, fake):
    scaling = "getComputedStyle(document.getElementById('picture')).imageRendering"
    assert tab.js(scaling) == "auto"
    tab.press("p")
    assert tab.js(scaling) == "pixelated"
    tab.open(fake.url)
    tab.wait(f"{scaling} === 'pixelated'")
    tab.click("#crisp")
    assert tab.js(scaling) == "auto"


def test_what_the_renderer_does_is_shown(tab, fake):
    assert tab.text("#rate") == "29.9 fps"
    assert tab.text("#target") == "Nothing is playing"
    fake.status |= {"dropped": 3, "busy": True, "recording": True, "mode": "tempo", "jitter": 0.75, "model": "glyphs"}
    tab.wait("document.getElementById('rate').textContent === '29.9 fps, 3 dropped'")
    assert tab.shown("#busy")
    assert tab.shown("#recording")
    assert tab.text("#record") == "Stop"
    assert tab.text("[aria-pressed=true][data-mode]") == "Tempo"
    assert value(tab, "jitter") == 0.75
    assert tab.js("document.getElementById('model').value") == "glyphs"
    assert tab.js("document.title") == "glyphs - hallu"


def test_other_programs_are_switched_on_and_what_is_missing_is_said(tab, fake):
    fake.status["outputs"] = {"ndi": "off", "spout": "Spout is for Windows"}
    tab.wait("document.querySelectorAll('#outputs li').length === 2")
    assert tab.js("document.querySelectorAll('#outputs span')[1].textContent") == "Spout is for Windows"
    tab.click("#outputs summary")
    tab.click("#outputs li button")
    assert received(fake) == [("/image/output", {"sink": "ndi", "what": "on"})]
    fake.status["outputs"] = {"ndi": "on", "spout": "Spout is for Windows"}
    tab.wait("document.querySelector('#outputs button').getAttribute('aria-pressed') === 'true'")


def test_a_renderer_without_a_model_says_so(tab, fake):
    fake.status |= {"model": "", "classes": [], "class_ids": [], "class_weights": []}
    tab.wait("document.getElementById('name').textContent === 'no image model is loaded'")
    assert tab.js("document.getElementById('model').selectedOptions[0].text") == "none is loaded"


def test_classes_are_shown_with_their_weights(tab):
    rows = "[...document.querySelectorAll('#chosen li')]"
    assert tab.js(f"{rows}.map(row => row.querySelector('.word').textContent)") == ["daisy", "volcano"]
    assert tab.js(f"{rows}.map(row => row.querySelector('.share').textContent)") == ["75 %", "25 %"]
    tab.wait(
        "(widths => Math.abs(widths[1] / widths[0] - 1 / 3) < 0.01)"
        f"({rows}.map(row => row.querySelector('i').getBoundingClientRect().width))"
    )


def test_the_sound_that_plays_moves_on_between_two_reports(tab, fake):
    fake.status["playing"] = {"target": "cloud", "position_s": 61.0, "duration_s": 100.0}
    tab.wait("document.getElementById('target').textContent === 'cloud'")
    now = "Number(document.getElementById('position').getAttribute('aria-valuenow'))"
    assert 61 <= tab.wait(now) < 70
    tab.wait(f"{now} > 61.5")
    assert tab.text("#time").startswith("1:0")
    assert tab.text("#time").endswith("/ 1:40")
    shares = "[...document.querySelectorAll('#position, #position i')].map(bar => bar.getBoundingClientRect().width)"
    whole, part = tab.js(shares)
    assert part / whole == pytest.approx(tab.js(now) / 100, abs=0.02)


def test_of_a_sound_whose_length_is_not_known_the_time_is_shown(tab, fake):
    fake.status["playing"] = {"target": "cloud", "position_s": 61.0, "duration_s": 0.0}
    tab.wait("document.getElementById('time').textContent.startsWith('1:0')")
    assert "/" not in tab.text("#time")
    assert tab.js("document.querySelector('#position i').getBoundingClientRect().width") == 0


def test_the_image_fills_the_window_on_demand_and_stays_so(tab, fake):
    fit = "getComputedStyle(document.getElementById('picture')).objectFit"
    tab.press("c")
    assert tab.js(fit) == "cover"
    tab.open(fake.url)
    tab.wait(f"{fit} === 'cover'")
    tab.click("#cover")
    assert tab.js(fit) == "contain"


@pytest.mark.parametrize(
    ("width", "height", "least"), [(844, 390, 380), (740, 360, 350), (667, 375, 360), (390, 844, 380)]
)
def test_a_phone_shows_a_large_image_beside_or_above_the_controls(tab, width, height, least):
    tab.resize(width, height)
    tab.move(10, 10)
    image, bar = (
        tab.js(f"(box => [box.left, box.top, box.right, box.bottom])({one}.getBoundingClientRect())")
        for one in ("document.getElementById('stage')", "document.getElementById('controls')")
    )
    assert min(image[2] - image[0], image[3] - image[1]) >= least
    assert bar[0] >= image[2] or bar[1] >= image[3]
    assert tab.js("document.documentElement.scrollWidth") <= width
    bar = "document.getElementById('bar')"
    assert tab.js(f"{bar}.scrollWidth <= {bar}.clientWidth")


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (844, 390), (390, 844)])
def test_names_are_cut_at_no_width(tab, fake, width, height):
    names = ["downwards and smaller", "darker and hue forwards", "more colourful", *["to the left"] * 13]
    fake.status |= DIRECTED | {"direction_count": 16, "directions": names}
    fake.status |= {"classes": ["great white shark, x", "black-and-tan coonhound"], "class_ids": [0, 1]}
    tab.resize(width, height)
    tab.wait("document.querySelectorAll('#chosen .word').length === 2 && !document.getElementById('directions').hidden")
    words = "[...document.querySelectorAll('.fader span, #chosen .word')]"
    assert tab.js(
        f"{words}.every(one => one.scrollWidth <= one.clientWidth || getComputedStyle(one).display === 'inline')"
    )
    styles = f"[...new Set({words}.map(one => getComputedStyle(one).whiteSpace + getComputedStyle(one).textOverflow))]"
    assert tab.js(styles) == ["normalclip"]
    # The longest word fits into one line.
    assert tab.js("""(() => {
      const pen = document.createElement("canvas").getContext("2d");
      const name = document.querySelector(".fader span");
      pen.font = getComputedStyle(name).font;
      return pen.measureText("downwards").width <= name.clientWidth;
    })()""")


def test_space_holds_the_picture_and_nothing_is_encoded_for_it(tab, fake):
    fake.render(30.0)
    tab.wait(NUMBER)
    tab.press(" ")
    assert tab.shown("#held")
    time.sleep(0.3)
    held, encoded = tab.js(NUMBER), fake.frames.encoded
    time.sleep(0.5)
    assert (tab.js(NUMBER), fake.frames.encoded) == (held, encoded)
    tab.press(" ")
    tab.wait(f"{NUMBER} > {fake.frames.number}")
    assert not tab.shown("#held")


def test_plain_is_the_picture_alone(chromium, fake):
    fake.frames.put(picture(7))
    tab = chromium.tab(f"{fake.url}?plain")
    tab.wait(f"{NUMBER} === 7")
    tab.move(640, 300)
    tab.wait("getComputedStyle(document.getElementById('overlay')).visibility === 'hidden'")
    tab.close()


def test_the_page_comes_back_with_the_renderer(chromium, fake):
    fake.status["playing"] = {"target": "cloud", "position_s": 1.0, "duration_s": 100.0}
    tab = chromium.tab(fake.url)
    fake.render(30.0)
    tab.wait(NUMBER)
    tab.wait("document.getElementById('target').textContent === 'cloud'")
    port = fake.port
    fake.page.stop()
    tab.wait("!document.getElementById('link').hidden")
    assert tab.text("#link") == "The renderer does not answer; trying again"
    assert tab.text("#rate") == ""
    assert tab.text("#target") == "Nothing is playing"
    tab.press("s")
    tab.wait("document.getElementById('notice').textContent.startsWith('/image/snapshot was not sent')")
    fake.page.start(port=port)
    tab.wait("document.getElementById('link').textContent === 'The renderer is back'")
    tab.wait(f"{NUMBER} > {fake.frames.number}")
    tab.wait("document.getElementById('link').hidden")
    assert tab.text("#target") == "cloud"
    tab.press("s")
    assert received(fake) == [("/image/snapshot", {"file": None})]
    tab.close()


def test_a_stream_is_shown_by_a_browser_too(chromium, fake):
    fake.render(30.0)
    tab = chromium.tab("about:blank")
    tab.call("Page.navigate", url=f"{fake.url}stream.mjpg")
    tab.wait("document.images[0]?.naturalWidth === 128")
    tab.close()


@pytest.fixture
def foreign():
    """A page of somebody else's, on a port of its own."""

    class Stranger(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<title>stranger</title>")

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Stranger)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_another_page_in_the_same_browser_neither_steers_nor_sees(chromium, fake, foreign):
    fake.frames.put(picture(1))
    tab = chromium.tab(foreign)
    way = f"""new Promise(tell => {{
      const socket = new WebSocket("ws://127.0.0.1:{fake.port}/ws");
      socket.onopen = () => {{
        socket.send('{{"ask": 1, "address": "/image/bpm", "values": {{"value": 66}}}}');
        socket.onmessage = () => tell("open");
      }};
      socket.onerror = () => tell("refused");
    }})"""
    image = """new Promise(tell => {{
      const image = new Image();
      [image.onload, image.onerror] = [() => tell("seen"), () => tell("refused")];
      image.src = "http://127.0.0.1:{}/{}";
      document.body.append(image);
    }})"""
    assert tab.js(way) == "refused"
    assert tab.js(image.format(fake.port, "frame.jpg")) == "refused"
    assert tab.js(image.format(fake.port, "stream.mjpg")) == "refused"
    assert tab.js(f"fetch('http://127.0.0.1:{fake.port}/frame.jpg').then(() => 'seen', () => 'refused')") == "refused"
    tab.close()
    assert fake.asked == []


def test_the_page_itself_may_load_nothing_from_elsewhere(chromium, fake, foreign):
    tab = chromium.tab(fake.url)
    assert tab.js(f"fetch('{foreign}').then(() => 'seen', () => 'refused')") == "refused"
    assert not [url for url in tab.requests if url.startswith(foreign)]
    tab.close()
