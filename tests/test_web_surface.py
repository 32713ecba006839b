"""The page as a control surface, in a real Chromium: all controls, the sound, sessions, projector, MIDI."""

import io
import json
import time
from concurrent.futures import Future

import numpy as np
import pytest
import soundfile
from browser import Browser
from page_renderer import FakeRenderer, picture
from parts import need_program
from waiting import PATIENCE_S, until

from bench.relay import Relay
from core.commands.forms import WITHOUT_FORM
from core.commands.table import TABLE

# A controller with one port, and a count of what the page starts to play.
FAKES = """
window.port = { name: "Faders 8" };
navigator.requestMIDIAccess = async () => ({ inputs: new Map([["1", window.port]]) });
window.midi = (...data) => window.port.onmidimessage({ data: new Uint8Array(data) });
[window.played, window.starts] = [[], []];
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (...args) {
  window.played.push(this.buffer.duration);
  window.starts.push(args[0]);
  return start.apply(this, args);
};
"""


@pytest.fixture(scope="module")
def chromium():
    browser = Browser(need_program("chromium"))
    yield browser
    browser.close()


@pytest.fixture
def fake():
    fake = FakeRenderer()
    fake.status |= {
        "pitches": list(range(40, 80)),
        "values": {"/sound/load": ["fluid"], "/image/truncation": [0.6], "/sound/seed": [7]},
        "choices": {"/sound/load": {"checkpoint": ["fluid", "percussion"]}},
    }
    yield fake
    fake.end()


@pytest.fixture
def tab(chromium, fake):
    """The page with everything open; afterwards no script has failed, and nothing outside was asked for."""
    tab = chromium.tab(fake.url, FAKES)
    tab.js("localStorage.clear()")
    tab.open(fake.url)
    tab.wait("document.getElementById('voice').value === 'fluid'")
    tab.press("a")
    yield tab
    tab.js("localStorage.clear()")
    foreign = [url for url in tab.requests if f"//127.0.0.1:{fake.port}/" not in url and not url.startswith("blob:")]
    faults = tab.faults
    tab.close()
    assert (foreign, faults) == ([], [])


def received(fake, address):
    """The newest values of a command, once it has come."""
    end = time.monotonic() + PATIENCE_S
    while not (found := [values for asked, values in fake.asked if asked == address]):
        assert time.monotonic() < end, f"only {fake.asked} came"
        time.sleep(0.01)
    return found[-1]


def form(address):
    all_forms = "[...document.querySelectorAll('#forms form')]"
    return f"{all_forms}.find(one => one.querySelector('code').textContent === '{address}')"


@pytest.fixture
def forms(tab):
    tab.wait("document.querySelectorAll('#forms form').length > 0")
    tab.js("for (const group of document.querySelectorAll('#forms details')) group.open = true")
    return tab


def test_every_command_of_the_table_has_a_form(forms):
    shown = forms.js("[...document.querySelectorAll('#forms code')].map(one => one.textContent)")
    assert sorted(shown) == sorted(spec.address for spec in TABLE if spec.address not in WITHOUT_FORM)


def test_a_range_is_a_slider_that_sets_while_it_is_turned_and_shows_what_is_set(forms, fake):
    slider = f"{form('/image/truncation')}.querySelector('input')"
    assert forms.js(f"[{slider}.type, {slider}.min, {slider}.max, {slider}.value]") == ["range", "0.02", "1", "0.6"]
    forms.js(f"{slider}.focus()")
    forms.press("ArrowRight")
    assert received(fake, "/image/truncation")["value"] == pytest.approx(0.601)
    forms.js(f"{slider}.blur()")
    fake.status["values"] = fake.status["values"] | {"/image/truncation": [0.25]}
    forms.wait(f"{slider}.value === '0.25'")


def test_choices_are_selects_those_of_the_table_and_those_that_there_are(forms):
    options = "select => [...select.options].map(one => one.value)"
    assert forms.js(f"({options})({form('/image/mode')}.querySelector('select'))") == ["follow", "tempo", "free"]
    assert forms.js(f"({options})({form('/sound/load')}.querySelector('select'))") == ["fluid", "percussion"]


def test_arguments_that_repeat_are_typed_and_the_answer_is_shown(forms, fake):
    fake.replies["/sound/synthesize"] = [["/sound/level", "fluid", -3.25]]
    forms.js(f"{form('/sound/synthesize')}.querySelector('input').focus()")
    forms.type("a x 60 b y 62")
    forms.js(f"{form('/sound/synthesize')}.requestSubmit()")
    assert received(fake, "/sound/synthesize") == {"slot": ["a", "b"], "target": ["x", "y"], "pitch": [60, 62]}
    forms.wait(f"{form('/sound/synthesize')}.lastChild.value === '/sound/level fluid -3.25'")


def test_what_is_left_out_has_its_default(forms, fake):
    forms.js(f"{form('/sound/hallucinate')}.querySelector('input').focus()")
    forms.type("cloud")
    forms.js(f"{form('/sound/hallucinate')}.requestSubmit()")
    values = received(fake, "/sound/hallucinate")
    assert (values["target"], values["spacing"], values["pitch"]) == ("cloud", None, None)


def test_a_refusal_is_shown_in_the_form(forms):
    forms.js(f"{form('/cancel')}.requestSubmit()")
    forms.wait(f"{form('/cancel')}.lastChild.matches('.error')")
    assert "argument" in forms.js(f"{form('/cancel')}.lastChild.value")


def test_a_search_leaves_what_it_finds(forms):
    forms.js("document.getElementById('sought').focus()")
    forms.type("ganspace load")
    shown = "[...document.querySelectorAll('#forms form:not([hidden]) code')].map(one => one.textContent)"
    assert {"/sound/load_ganspace_components", "/image/load_ganspace_components"} <= set(forms.js(shown))
    assert len(forms.js(shown)) < 6


def test_black_fade_and_tap_are_buttons_and_keys(tab, fake):
    tab.click("#black")
    assert received(fake, "/image/fade") == {"level": 0, "seconds": 0.0}
    tab.wait("document.getElementById('black').ariaPressed === 'true'")
    tab.press("v")
    until(lambda: fake.asked[-1] == ("/image/fade", {"level": 1, "seconds": 4.0}))
    for _ in range(3):
        tab.click("#tap")
        time.sleep(0.25)
    assert 60 < received(fake, "/image/bpm")["value"] < 300


def test_the_image_is_mirrored_and_stays_so(tab, fake):
    tab.press("m")
    turned = "getComputedStyle(document.getElementById('picture')).transform"
    assert tab.js(turned) == "matrix(-1, 0, 0, 1, 0, 0)"
    tab.open(fake.url)
    tab.wait(f"{turned} === 'matrix(-1, 0, 0, 1, 0, 0)'")


def test_the_tabs_are_changed_with_arrows(tab):
    assert tab.focused() == "All"
    tab.press("ArrowRight", "ArrowRight")
    assert (tab.focused(), tab.shown("#sessions"), tab.shown("#all")) == ("Sessions", True, False)
    tab.press("ArrowLeft", "ArrowLeft", "ArrowLeft")
    assert tab.focused() == "MIDI"
    tab.press("a")
    assert (tab.shown("#open"), tab.js("document.getElementById('more').hidden")) == (True, True)


def a_wav(seconds):
    memory = io.BytesIO()
    soundfile.write(memory, np.zeros(round(16000 * seconds)), 16000, format="WAV")
    return memory.getvalue()


def test_a_note_fills_the_slot_first_and_is_played_here_and_followed(tab, fake):
    fake.sounds["abc"] = a_wav(0.5)
    fake.replies["/sound/note"] = [["/sound/audio", "page1", "wav/abc", 8000, 16000]]
    tab.click("#tab-sound")
    tab.click("[aria-label='Note C4']")
    tab.wait("window.played.length === 1")
    assert tab.js("window.played[0]") == pytest.approx(0.5, abs=0.01)
    assert received(fake, "/sound/play")["target"] == "page1"
    # It ends by itself.
    assert received(fake, "/sound/stop")["target"] == "page1"
    asked = [address for address, _ in fake.asked]
    assert asked[:2] == ["/sound/randomize_z", "/sound/note"]
    assert received(fake, "/sound/note")["pitch"] == 60


BAND = {"family": {"values": ["brass", "flute"], "set": ["brass"]}, "qualities": {"values": ["bright"], "set": []}}


def test_the_kind_of_note_that_somebody_has_set_is_shown_and_can_be_changed(tab, fake):
    fake.status |= {"conditions": BAND}
    tab.click("#tab-sound")
    shown = "[...document.querySelectorAll('#kinds select')].map(one => [one.dataset.condition, one.value])"
    tab.wait(f"{shown}.length === 2")
    assert tab.js(shown) == [["family", "brass"], ["qualities", "any"]]
    family = "document.querySelector('[data-condition=family]')"
    tab.js(f"{family}.value = 'flute'; {family}.dispatchEvent(new Event('change'))")
    assert received(fake, "/sound/condition") == {"name": "family", "value": ["flute"]}
    fake.status |= {"conditions": {}}
    tab.wait(f"{shown}.length === 0")


RENDERED = """
import("/limiter.js").then(async ({ factor, output }) => {
  const peaks = [];
  for (const level of [0.25, 4]) {
    const context = new OfflineAudioContext(1, 44100, 44100);
    const sine = new OscillatorNode(context, { frequency: 440 });
    const gain = output(context);
    gain.gain.value = level * factor(0.5);
    sine.connect(gain);
    sine.start();
    const wave = (await context.startRendering()).getChannelData(0);
    peaks.push(Math.max(...wave.map(Math.abs)));
  }
  window.peaks = peaks;
});
"""


def test_the_page_plays_sounds_as_they_come_and_holds_loud_ones_below_minus_one_decibel(tab):
    tab.js(RENDERED)
    tab.wait("window.peaks")
    soft, loud = tab.js("window.peaks")
    assert soft == pytest.approx(0.25, rel=1e-3)
    assert 0.7 < loud <= 10 ** (-1 / 20) + 1e-6


def test_a_stream_is_played_without_a_gap_steered_and_stopped(tab, fake):
    fake.refuse["/sound/stream"] = ended = Future()
    fake.sounds |= {"a": a_wav(0.5), "b": a_wav(0.25)}
    tab.click("#tab-sound")
    tab.click("#stream")
    values = received(fake, "/sound/stream")
    assert (values["steps"], values["spacing"], values["pitch"], values["slot"]) == (6, 0.2, 60, [])
    target, part = values["target"], fake.parts["/sound/stream"]
    part(["/sound/segment", target, 0, "wav/a", 8000, 16000, 0])
    part(["/sound/segment", target, 1, "wav/b", 4000, 16000, 8000])
    tab.wait("window.played.length === 2")
    first, second = tab.js("window.starts")
    assert second - first == pytest.approx(0.5, abs=1e-9)
    until(lambda: received(fake, "/sound/stream_position")["seconds"] > 0)
    tab.js("document.getElementById('streaming').open = true")
    spacing = "document.querySelector('[data-stream=spacing]')"
    tab.js(f"{spacing}.value = 0.5; {spacing}.dispatchEvent(new Event('input', {{ bubbles: true }}))")
    assert received(fake, "/sound/stream_set") == {"target": target, "name": "spacing", "value": ["0.5"]}
    tab.click("#onward")
    assert received(fake, "/sound/stream_add") == {"target": target, "slot": ["page"]}
    tab.click("#stream")
    assert received(fake, "/sound/stream_stop") == {"target": target}
    ended.set_result("")
    tab.wait("document.getElementById('stream').textContent === 'Stream'")


FETCHING = """
[window.fetching, window.most] = [0, 0];
const fetched = window.fetch;
window.fetch = async (...args) => {
  window.most = Math.max(window.most, ++window.fetching);
  try {
    return await fetched(...args);
  } finally {
    window.fetching--;
  }
};
"""


def test_on_a_slow_line_segments_of_a_stream_are_fetched_side_by_side(chromium, fake):
    relay = Relay(fake.port, delay_s=0.1)
    tab = chromium.tab(f"http://127.0.0.1:{relay.port}/", FAKES + FETCHING)
    try:
        fake.refuse["/sound/stream"] = ended = Future()
        fake.sounds["a"] = a_wav(0.1)
        tab.wait("document.getElementById('voice').value === 'fluid'")
        tab.press("a")
        tab.click("#tab-sound")
        tab.click("#stream")
        target = received(fake, "/sound/stream")["target"]
        tab.js("window.most = 0")
        for number in range(6):
            fake.parts["/sound/stream"](["/sound/segment", target, number, "wav/a", 1600, 16000, 1600 * number])
        tab.wait("window.played.length === 6")
        assert tab.js("window.most") > 2
        ended.set_result("")
    finally:
        tab.close()
        relay.close()


def test_a_hallucination_is_asked_for_with_its_numbers(tab, fake):
    tab.click("#tab-sound")
    tab.js("document.getElementById('points').value = 3")
    tab.click("#hallucinate")
    values = received(fake, "/sound/hallucinate")
    assert (values["notes"], values["steps"]) == (3, 6)
    tab.wait("!document.getElementById('hallucinate').disabled")


def test_sessions_are_listed_saved_recalled_and_deleted_with_two_clicks(tab, fake):
    fake.replies["/session/list"] = [["/session/names", "first set", "encore"]]
    fake.replies["/session/load"] = [["/session/missing", "sound", "flute", "not here"]]
    tab.click("#tab-sessions")
    tab.wait("document.querySelectorAll('#saved li').length === 2")
    tab.js("document.getElementById('session').focus()")
    tab.type("tonight")
    tab.press("Enter")
    assert received(fake, "/session/save") == {"name": "tonight"}
    tab.click("#saved button")
    assert received(fake, "/session/load") == {"name": "first set", "part": "everything"}
    tab.wait(
        "document.getElementById('notice').textContent === 'first set: missing here: sound flute; the rest is set'"
    )
    tab.click("#saved .quiet")
    time.sleep(0.2)
    assert "/session/delete" not in dict(fake.asked)
    tab.click("#saved .quiet")
    assert received(fake, "/session/delete") == {"name": "first set"}


def test_a_window_for_the_projector_is_opened_and_controlled_from_the_page(chromium, tab, fake):
    fake.frames.put(picture(5))
    tab.click("#tab-stage")
    tab.click("#screen")
    screen = chromium.opened("screen=")
    screen.wait("document.body.classList.contains('painted')")
    screen.wait("getComputedStyle(document.getElementById('overlay')).visibility === 'hidden'")
    tab.wait("document.getElementById('screen').textContent === 'Close the window'")
    tab.click("[data-screen=mirror]")
    screen.wait("document.body.classList.contains('mirror')")
    tab.wait("document.querySelector('[data-screen=mirror]').ariaPressed === 'true'")
    assert not tab.js("document.body.classList.contains('mirror')")
    tab.click("[data-screen=held]")
    tab.wait("document.querySelector('[data-screen=held]').ariaPressed === 'true'")
    screen.press("f")
    screen.wait("document.fullscreenElement !== null")
    tab.click("#screen")
    tab.wait("document.getElementById('screen').textContent === 'Open a window'")


@pytest.fixture
def learning(tab):
    tab.click("#tab-midi")
    tab.click("#enable")
    tab.wait("document.getElementById('ports').textContent === 'Faders 8'")
    tab.click("#learn")
    return tab


def test_a_fader_is_learned_moves_its_control_and_is_remembered(learning, fake):
    learning.click("[data-dial=truncation]")
    learning.js("midi(0xb2, 20, 64)")
    assert learning.text("#learned span") == "channel 3 control 20: Truncation"
    learning.click("#learn")
    fake.asked.clear()
    learning.js("midi(0xb2, 20, 127)")
    assert received(fake, "/image/truncation")["value"] == 1.0
    assert json.loads(learning.js("localStorage.getItem('hallu.midi')")) == {"3 control 20": "Truncation"}
    learning.open(fake.url)
    assert learning.text("#learned span") == "channel 3 control 20: Truncation"


def test_a_key_is_learned_for_a_button_which_is_not_pressed_meanwhile(learning, fake):
    learning.click("#black")
    learning.js("midi(0x90, 36, 100)")
    assert "/image/fade" not in dict(fake.asked)
    learning.click("#learn")
    learning.js("midi(0x90, 36, 0); midi(0x80, 36, 0); midi(0x90, 36, 90)")
    assert received(fake, "/image/fade")["level"] == 0


def test_a_key_that_nobody_learned_plays_a_note(learning, fake):
    learning.click("#learn")
    learning.js("midi(0x90, 62, 80)")
    values = received(fake, "/sound/note")
    assert (values["pitch"], values["velocity"]) == (62, 80)


def test_a_page_without_images_opens_with_the_sound(chromium, fake):
    fake.status["images"] = False
    tab = chromium.tab(fake.url)
    tab.wait("document.title === 'fluid - hallu'")
    assert (tab.shown("#sound"), tab.shown("#controls")) == (True, False)
    tab.close()


@pytest.mark.parametrize("size", [(390, 844), (844, 390)])
def test_on_a_phone_everything_can_be_scrolled_to_and_nothing_is_wider_than_it(tab, size):
    tab.resize(*size)
    for name in ("all", "sound", "sessions", "stage", "midi"):
        tab.js(f"document.getElementById('tab-{name}').click()")
        assert tab.js("document.documentElement.scrollWidth <= innerWidth")
        right = tab.js(
            "Math.max(...[...document.querySelectorAll('#more *')].map(one => one.getBoundingClientRect().right))"
        )
        assert right <= size[0]
    tab.js("document.getElementById('import').scrollIntoView()")
    box = tab.js("(box => [box.top, box.bottom])(document.getElementById('import').getBoundingClientRect())")
    assert box[0] >= -1
    assert box[1] <= size[1] + 1


def test_every_control_of_all_parts_has_a_name(forms):
    for name in ("sound", "sessions", "stage", "midi"):
        forms.js(f"document.getElementById('tab-{name}').click()")
    forms.js("for (const one of document.querySelectorAll('[role=tabpanel]')) one.hidden = false")
    roles = ("button", "slider", "combobox", "spinbutton", "textbox", "searchbox", "tab")
    nodes = forms.call("Accessibility.getFullAXTree")["nodes"]
    found = [node for node in nodes if not node["ignored"] and node["role"]["value"] in roles]
    assert len(found) > 100
    assert not [node for node in found if not node.get("name", {}).get("value")]
