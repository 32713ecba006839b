"""The page of a fake renderer, opened in a real Chromium."""

import time

import pytest
from page_renderer import BAR, BITS, SIZE, FakeRenderer
from waiting import PATIENCE_S

# The number that the canvas shows, read from its pixels.
NUMBER = f"""(() => {{
  const canvas = document.getElementById("picture");
  if (canvas.width !== {SIZE}) return 0;
  const row = canvas.getContext("2d").getImageData(0, {SIZE // 2}, {SIZE}, 1).data;
  const bits = [...Array({BITS}).keys()].map((bit) => row[4 * ({BAR} * bit + {BAR // 2})] > 127);
  return bits.reduce((sum, on, bit) => sum + on * 2 ** bit, 0);
}})()"""


@pytest.fixture(name="fake")
def a_fake_renderer():
    fake = FakeRenderer()
    yield fake
    fake.end()


@pytest.fixture(name="tab")
def an_open_tab(chromium, fake):
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
