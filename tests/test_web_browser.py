"""The page in a real Chromium: what it shows, what its controls send, what it asks the network for."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from browser import Browser
from page_renderer import BAR, BITS, CLASSES, DIRECTED, SIZE, FakeRenderer, picture
from parts import need_program
from waiting import PATIENCE_S, until

# The number that the canvas shows, read from its pixels.
NUMBER = f"""(() => {{
  const canvas = document.getElementById("picture");
  if (canvas.width !== {SIZE}) return 0;
  const row = canvas.getContext("2d").getImageData(0, {SIZE // 2}, {SIZE}, 1).data;
  const bits = [...Array({BITS}).keys()].map((bit) => row[4 * ({BAR} * bit + {BAR // 2})] > 127);
  return bits.reduce((sum, on, bit) => sum + on * 2 ** bit, 0);
}})()"""


@pytest.fixture(scope="module")
def chromium():
    browser = Browser(need_program("chromium"))
    yield browser
    browser.close()


@pytest.fixture
def fake():
    fake = FakeRenderer()
    yield fake
    fake.end()


@pytest.fixture
def tab(chromium, fake):
    """The page, once it shows the status; afterwards no script has failed, and nothing outside was asked for."""
    tab = chromium.tab(fake.url)
    tab.wait("document.getElementById('name').textContent === 'patterns'")
    yield tab
    tab.js("1")
    foreign = [url for url in tab.requests if f"//127.0.0.1:{fake.port}/" not in url]
    faults = tab.faults
    tab.close()
    assert (foreign, faults) == ([], [])


def received(fake, count=1):
    """The commands that came, once there are so many."""
    end = time.monotonic() + PATIENCE_S
    while len(fake.asked) < count:
        assert time.monotonic() < end, f"only {fake.asked} came"
        time.sleep(0.01)
    return fake.asked


def value(tab, dial):
    return float(tab.js(f"document.querySelector('[data-dial={dial}]').value"))


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
