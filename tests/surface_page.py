"""The page of a fake renderer as a control surface, opened in a real Chromium with everything shown."""

import time

import pytest
from page_renderer import FakeRenderer
from waiting import PATIENCE_S

# A controller with one port, and a count of what the page starts to play.
FAKES = """
window.port = { name: "Faders 8" };
navigator.requestMIDIAccess = async () => ({ inputs: new Map([["1", window.port]]) });
window.midi = (...data) => window.port.onmidimessage({ data: new Uint8Array(data) });
[window.played, window.starts, window.gains] = [[], [], []];
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (...args) {
  window.played.push(this.buffer.duration);
  window.starts.push(args[0]);
  return start.apply(this, args);
};
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (to, ...args) {
  if (this instanceof AudioBufferSourceNode) window.gains.push(to.gain?.value);
  return connect.call(this, to, ...args);
};
"""


@pytest.fixture(name="fake")
def a_fake_renderer():
    fake = FakeRenderer()
    fake.status |= {
        "pitches": list(range(40, 80)),
        "values": {"/sound/load": ["fluid"], "/image/truncation": [0.6], "/sound/seed": [7]},
        "choices": {"/sound/load": {"checkpoint": ["fluid", "percussion"]}},
    }
    yield fake
    fake.end()


@pytest.fixture(name="tab")
def an_open_tab(chromium, fake):
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
