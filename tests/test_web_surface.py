"""The page as a control surface, in a real Chromium: all commands, sessions, projector, MIDI, on a phone."""

import json
import time

import pytest
from browser import a_chromium  # noqa: F401 - a fixture
from page_renderer import picture
from surface_page import (
    a_fake_renderer,  # noqa: F401 - a fixture
    an_open_tab,  # noqa: F401 - a fixture
    received,
)
from waiting import until

from core.commands.forms import WITHOUT_FORM
from core.commands.table import TABLE


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


def test_sessions_are_listed_saved_recalled_and_deleted_with_two_clicks(tab, fake):
    fake.replies["/session/list"] = [["/session/names", "first set", "encore"]]
    fake.replies["/session/load"] = [["/session/missing", "sound", "flute", "not here"]]
    tab.click("#tab-sessions")
    tab.wait("document.querySelectorAll('#saved li').length === 2")
    tab.js("window.row = document.querySelector('#saved li')")
    tab.js("document.getElementById('session').focus()")
    tab.type("tonight")
    tab.press("Enter")
    assert received(fake, "/session/save") == {"name": "tonight"}
    tab.click("#saved button")
    assert received(fake, "/session/load") == {"name": "first set", "part": "everything"}
    tab.wait(
        "document.getElementById('notice').textContent === 'first set: missing here: sound flute; the rest is set'"
    )
    # A list that is the same stays, with what is being pressed in it.
    assert tab.js("window.row.isConnected")
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
