"""The page's buttons, dials and keys in a real Chromium: what they send, and how they are reached."""

import time

import pytest
from browser import a_chromium  # noqa: F401 - a fixture
from browser_page import (
    a_fake_renderer,  # noqa: F401 - a fixture
    an_open_tab,  # noqa: F401 - a fixture
    received,
    value,
)
from page_renderer import CLASSES


@pytest.mark.parametrize(("key", "mode"), [("1", "follow"), ("2", "tempo"), ("3", "free")])
def test_keys_choose_the_mode(tab, fake, key, mode):
    tab.press(key)
    assert received(fake) == [("/image/mode", {"name": mode})]
    tab.wait(f"document.querySelector('[data-mode={mode}]').getAttribute('aria-pressed') === 'true'")


@pytest.mark.parametrize(
    ("selector", "command"),
    [
        ("[data-mode=free]", ("/image/mode", {"name": "free"})),
        ("#record", ("/image/record", {"what": "start", "file": None, "sound": "server"})),
        ("#snapshot", ("/image/snapshot", {"file": None})),
        ("#default", ("/image/classes", {"class": []})),
        ("[aria-label='Remove daisy']", ("/image/classes", {"class": ["2"]})),
    ],
)
def test_buttons_send_commands(tab, fake, selector, command):
    tab.click(selector)
    assert received(fake) == [command]


def test_keys_record_and_save(tab, fake):
    tab.press("r")
    received(fake)
    fake.status["recording"] = True
    tab.wait("document.getElementById('record').textContent === 'Stop'")
    tab.press("r", "s")
    assert received(fake, 3)[1:] == [
        ("/image/record", {"what": "stop", "file": None, "sound": "server"}),
        ("/image/snapshot", {"file": None}),
    ]


def test_what_was_saved_is_said(tab, fake):
    fake.status["saved"] = "monday.png"
    tab.wait("document.getElementById('notice').textContent === 'saved monday.png'")
    # A client that connects later does not receive it.
    tab.open(fake.url)
    tab.wait("document.getElementById('name').textContent === 'patterns'")
    assert not tab.shown("#notice")


def test_what_was_saved_is_never_written_over_the_image(tab, fake):
    tab.press("h")
    tab.press("s")
    fake.status["saved"] = "monday.png"
    tab.wait("document.getElementById('notice').textContent === 'saved monday.png'")
    assert not tab.shown("#notice")
    tab.press("h")
    assert tab.shown("#notice")
    box = tab.js("document.getElementById('notice').getBoundingClientRect().bottom")
    assert box < tab.js("document.getElementById('bar').getBoundingClientRect().bottom")


def test_a_snapshot_does_not_bring_hidden_controls_back(tab, fake):
    tab.wait("document.body.classList.contains('bare')")
    tab.press("s", "r")
    received(fake, 2)
    assert tab.js("document.body.classList.contains('bare')")


def test_a_light_is_on_while_recording_with_hidden_controls_too(tab, fake):
    fake.status["recording"] = True
    tab.wait("document.getElementById('record').textContent === 'Stop'")
    # While the pointer rests, controls hide by themselves.
    tab.move(10, 10)
    assert tab.shown("#recording") and not tab.shown("#light")
    tab.press("h")
    assert tab.shown("#light")
    fake.status["recording"] = False
    tab.wait("document.getElementById('record').textContent === 'Record'")
    assert not tab.shown("#light")


@pytest.mark.parametrize(("dial", "values"), [("truncation", 0.61), ("jitter", 0.41), ("smooth", 0.31), ("bpm", 121.0)])
def test_arrow_keys_turn_dials(tab, fake, dial, values):
    tab.js(f"document.querySelector('[data-dial={dial}]').focus()")
    tab.press("ArrowRight")
    assert received(fake) == [(f"/image/{dial}", {"value": values})]
    assert value(tab, dial) == fake.status[dial] == values


def test_a_dial_that_is_dragged_sends_little_and_ends_where_it_was_left(tab, fake):
    fake.delay_s = 0.1
    tab.js("""(range => {
      for (let step = 0; step <= 50; step++) {
        range.value = step / 50;
        range.dispatchEvent(new Event("input", { bubbles: true }));
      }
    })(document.querySelector("[data-dial=jitter]"))""")
    assert received(fake, 2)[-1] == ("/image/jitter", {"value": 1.0})
    time.sleep(0.5)
    assert len(fake.asked) == 2
    assert value(tab, "jitter") == 1.0


def test_a_refusal_is_said_and_the_dial_goes_back(tab, fake):
    fake.refuse["/image/truncation"] = "value must be in 0.02..1, not 0.61"
    tab.js("document.querySelector('[data-dial=truncation]').focus()")
    tab.press("ArrowRight")
    tab.wait("!document.getElementById('notice').hidden")
    assert tab.text("#notice") == fake.refuse["/image/truncation"]
    assert tab.js("document.getElementById('notice').className") == "error"
    fake.status["fps"] = 12.0
    tab.wait("document.querySelector('[data-dial=truncation]').value === '0.6'")


def test_a_model_is_chosen_by_keyboard_and_a_refusal_leaves_the_old_one(tab, fake):
    fake.refuse["/image/load"] = "glyphs is broken"
    tab.js("document.getElementById('model').focus()")
    tab.press("ArrowDown")
    assert received(fake) == [("/image/load", {"name": "glyphs"})]
    tab.wait("document.getElementById('notice').textContent === 'glyphs is broken'")
    tab.wait("document.getElementById('model').value === 'patterns'")


def test_a_class_is_found_by_name_and_added_by_keyboard(tab, fake):
    tab.click("#search")
    tab.type("JELLY")
    assert tab.js("[...document.querySelectorAll('#matches li')].map(row => row.textContent)") == ["jellyfish1"]
    tab.press("Enter")
    assert received(fake) == [("/image/classes", {"class": ["3", "2", "1"]})]
    tab.wait("document.querySelectorAll('#chosen li').length === 3")
    assert not tab.shown("#matches")


def test_of_two_classes_with_one_name_the_one_that_is_chosen_is_sent(tab, fake):
    tab.click("#search")
    tab.type("crane")
    assert tab.js("document.querySelectorAll('#matches li').length") == 2
    tab.press("ArrowDown", "Enter")
    assert received(fake) == [("/image/classes", {"class": ["3", "2", "5"]})]
    assert fake.status["classes"][-1] == CLASSES[5]


def test_the_sliders_have_the_ranges_of_the_command_table(tab, fake):
    sliders = "[...document.querySelectorAll('[data-dial]')].map(one => [one.dataset.dial, +one.min, +one.max])"
    assert {name: (low, high) for name, low, high in tab.js(sliders)} == fake.status["ranges"]


def test_a_class_is_added_by_mouse_and_clicks_build_on_each_other(tab, fake):
    fake.delay_s = 0.3
    for word in ("gold", "sea"):
        tab.click("#search")
        tab.type(word)
        tab.click("#matches li")
    assert received(fake, 2)[-1] == ("/image/classes", {"class": ["3", "2", "0", "6"]})


def test_letters_in_the_search_are_no_commands(tab, fake):
    tab.click("#search")
    tab.press("r", "s", "1", " ", "h", "?")
    assert tab.js("document.getElementById('search').value") == "rs1 h?"
    assert tab.text("#matches") == "no class of this model"
    assert fake.asked == []
    assert tab.shown("#overlay")
    tab.press("Escape")
    assert tab.js("document.getElementById('search').value") == ""


def test_f_fills_the_screen_and_leaves_it(tab):
    tab.press("f")
    tab.wait("document.fullscreenElement === document.documentElement")
    tab.press("f")
    tab.wait("document.fullscreenElement === null")
    tab.click("#full")
    tab.wait("document.fullscreenElement === document.documentElement")


def test_controls_leave_the_stage_by_themselves_and_come_back(tab):
    tab.js("document.querySelector('[data-dial=jitter]').focus()")
    tab.move(640, 300)
    assert tab.shown("#overlay")
    tab.wait("document.body.classList.contains('bare')")
    tab.wait("getComputedStyle(document.getElementById('overlay')).visibility === 'hidden'")
    assert tab.js("getComputedStyle(document.body).cursor") == "none"
    tab.move(650, 310)
    tab.wait("getComputedStyle(document.getElementById('overlay')).opacity === '1'")
    # Who works by keyboard goes on where he was.
    assert tab.focused() == "Jitter"


def test_controls_stay_under_the_mouse(tab):
    tab.js("document.querySelector('#controls').scrollIntoView()")
    box = tab.js("(box => [box.x + 20, box.y + 20])(document.querySelector('#controls').getBoundingClientRect())")
    tab.move(*box)
    time.sleep(5.0)
    assert tab.shown("#overlay")


def test_h_keeps_the_controls_away_until_it_is_pressed_again(tab):
    tab.press("h")
    tab.wait("getComputedStyle(document.getElementById('overlay')).visibility === 'hidden'")
    tab.move(640, 300)
    tab.press("2")
    assert tab.js("document.body.classList.contains('bare')")
    tab.press("h")
    tab.wait("getComputedStyle(document.getElementById('overlay')).opacity === '1'")


def test_the_keys_are_listed(tab):
    tab.press("?")
    tab.wait("document.getElementById('keys').open")
    assert tab.js("document.querySelectorAll('#keys dt').length") == 18
    tab.press("f")
    assert tab.js("document.fullscreenElement") is None
    tab.press("Escape")
    assert not tab.js("document.getElementById('keys').open")


def test_the_keyboard_reaches_every_control_and_shows_where_it_is(tab):
    reached = []
    tab.press("Tab")
    while name := tab.focused():
        reached.append(name)
        style = tab.js("getComputedStyle(document.activeElement).outlineStyle")
        assert style == "solid", name
        tab.press("Tab")
    wanted = {"Full screen", "Keys", "Add a class by name", "Image model", "Follow", "Tempo", "Free", "Truncation"}
    wanted |= {"Jitter", "Smooth", "Beats per minute", "Record", "Snapshot", "Remove daisy", "Crisp pixels"}
    assert wanted <= set(reached)
    assert len(reached) < 25


def test_every_control_has_a_name_for_those_who_do_not_see_it(tab):
    roles = ("button", "slider", "combobox", "listbox", "progressbar", "textbox", "image")
    nodes = tab.call("Accessibility.getFullAXTree")["nodes"]
    found = [node for node in nodes if not node["ignored"] and node["role"]["value"] in roles]
    assert len(found) > 15
    assert not [node for node in found if not node.get("name", {}).get("value")]
