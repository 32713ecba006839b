"""The page's faders in a real Chromium: directions and bends."""

import time

import pytest
from browser import a_chromium  # noqa: F401 - a fixture
from browser_page import (
    a_fake_renderer,  # noqa: F401 - a fixture
    an_open_tab,  # noqa: F401 - a fixture
    received,
)
from page_renderer import DIRECTED
from waiting import PATIENCE_S

FADERS = "[...document.querySelectorAll('.fader')]"


@pytest.fixture
def directed(tab, fake):
    """The page with directions loaded."""
    fake.status |= DIRECTED
    tab.wait("!document.getElementById('directions').hidden")
    return tab


@pytest.mark.parametrize("how", [lambda tab: tab.click("#find"), lambda tab: tab.press("d")], ids=["click", "key"])
def test_directions_are_loaded_and_shown_by_name_or_number(tab, fake, how):
    assert not tab.shown("#directions")
    how(tab)
    assert received(fake) == [("/image/load_ganspace_components", {"file": "auto"})]
    tab.wait("!document.getElementById('directions').hidden")
    names = tab.js(f"{FADERS}.map(fader => fader.querySelector('span').textContent)")
    assert names == ["light", "2", "waves", *map(str, range(4, 17))]
    assert not tab.shown("#find")


def test_directions_that_are_being_found_are_not_asked_for_again(tab, fake):
    fake.status["search_progress"] = 0.428
    tab.wait("document.getElementById('find').textContent === 'Finding directions, 42 %'")
    tab.click("#find")
    tab.press("d", "1")
    assert [address for address, _ in received(fake)] == ["/image/mode"]


def test_a_fader_moves_its_direction_and_leaves_the_others(directed, fake):
    fake.status["edits"] = [0.5, 0.0, -1.0]
    directed.wait(f"{FADERS}[2].querySelector('input').value === '-1'")
    directed.js(f"{FADERS}[1].querySelector('input').focus()")
    assert directed.focused() == "Direction 2"
    directed.press("ArrowRight")
    assert received(fake) == [("/image/edits", {"edit": [0.5, 0.05, -1.0]})]


def test_edits_beyond_the_faders_stay(directed, fake):
    fake.status["edits"] = [0.0] * 20 + [1.0]
    directed.wait("document.querySelector('.fader output').value === '0'")
    time.sleep(0.5)
    directed.js(f"{FADERS}[0].querySelector('input').focus()")
    directed.press("ArrowRight")
    assert received(fake) == [("/image/edits", {"edit": [0.05] + [0.0] * 19 + [1.0]})]


@pytest.mark.parametrize("key", ["Delete", "0", None])
def test_a_key_or_a_double_click_sets_a_direction_to_zero(directed, fake, key):
    fake.status["edits"] = [0.5, 2.0]
    directed.wait(f"{FADERS}[1].querySelector('input').value === '2'")
    if key:
        directed.js(f"{FADERS}[1].querySelector('input').focus()")
        directed.press(key)
    else:
        directed.click(".fader:nth-child(2) input", 2)
    directed.wait(f"{FADERS}[1].querySelector('input').value === '0'")
    end = time.monotonic() + PATIENCE_S
    while fake.status["edits"] != [0.5] and time.monotonic() < end:
        time.sleep(0.01)
    assert fake.asked[-1] == ("/image/edits", {"edit": [0.5]})


def test_all_directions_are_reset_at_once(directed, fake):
    fake.status["edits"] = [0.5] * 18
    directed.wait(f"{FADERS}[1].querySelector('input').value === '0.5'")
    directed.click("#reset")
    assert received(fake) == [("/image/edits", {"edit": []})]


def test_the_faders_hide_nothing_and_are_reached_by_keyboard(directed):
    panels = "['directions', 'classes', 'controls', 'playing'].map(id => document.getElementById(id))"
    boxes = f"{panels}.map(panel => panel.getBoundingClientRect())"
    apart = "(a, b) => a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top"
    assert directed.js(f"(([own, ...others]) => others.every(one => ({apart})(own, one)))({boxes})")
    reached = set()
    directed.press("Tab")
    while name := directed.focused():
        reached.add(name)
        directed.press("Tab")
    assert {"Direction light", "Direction 2", "Direction 16", "Reset all"} <= reached


@pytest.fixture
def bendable(tab, fake):
    """The page of a model whose layers bend."""
    fake.status |= {"bend_layers": ["b4.conv1", "b4.torgb", "rgb"], "noisy": True}
    tab.wait("!document.getElementById('bends').hidden")
    tab.js("document.getElementById('bends').open = true")
    return tab


def test_a_model_whose_layers_do_not_bend_has_no_bends(tab):
    assert not tab.shown("#bends")


def test_a_bend_is_added_turned_and_removed(bendable, fake):
    bendable.js("document.getElementById('bend').scrollIntoView()")
    bendable.click("#bend")
    bendable.wait("!!document.querySelector('#bent input')")
    fader = "document.querySelector('#bent input')"
    assert bendable.js(f"[{fader}.min, {fader}.max, {fader}.value]") == ["0.05", "2", "1"]
    bendable.js(f"{fader}.focus()")
    assert bendable.focused() == "Amount of bend 1"
    bendable.press("ArrowRight")
    bendable.wait("document.querySelector('#bent output').value === '1.01'")
    bendable.click("#bent button")
    bendable.wait("!document.querySelector('#bent input')")
    sent = [tuple(values.values())[:4] for address, values in fake.asked if address == "/image/bend"]
    assert sent == [(1, "rgb", "zoom", 1.0), (1, "rgb", "zoom", pytest.approx(1.01)), (1, None, None, None)]


def test_two_clicks_before_the_first_is_answered_add_two_bends(bendable):
    bendable.js("for (const _ of '12') document.getElementById('bend').click()")
    bendable.wait("document.querySelectorAll('#bent input').length === 2")


def test_another_transform_starts_at_rest(bendable, fake):
    fake.status["bends"] = {3: ("b4.torgb", "zoom", 0.5)}
    bendable.wait("document.querySelector('#bent output')?.value === '0.50'")
    bendable.js("document.querySelectorAll('#bent select')[1].focus()")
    bendable.press("ArrowDown")
    bendable.wait("document.querySelector('#bent output').value === '0.00'")
    assert fake.status["bends"] == {3: ("b4.torgb", "hue", 0.0)}


def test_noise_and_its_speed_are_sent_together(bendable, fake):
    bendable.js("document.querySelector('[data-amount=noise_speed]').focus()")
    bendable.press("ArrowRight")
    assert received(fake) == [("/image/noise", {"amount": 0.5, "speed": pytest.approx(0.51)})]
