"""The sound of the page in a real Chromium: notes, streams, hallucinations."""

import io
from concurrent.futures import Future

import numpy as np
import pytest
import soundfile
from browser import a_chromium  # noqa: F401 - a fixture
from surface_page import (
    FAKES,
    a_fake_renderer,  # noqa: F401 - a fixture
    an_open_tab,  # noqa: F401 - a fixture
    received,
)
from waiting import until

from bench.relay import Relay


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
    note = received(fake, "/sound/note")
    assert note["pitch"] == 60
    # The server plays full velocity at the common loudness; here its usual velocity has it.
    assert tab.js("window.gains[0]") * (note["velocity"] / 127) ** 2 == pytest.approx(1.0, abs=1e-3)


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
