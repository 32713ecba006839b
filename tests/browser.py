"""A real Chromium without a window, driven by its DevTools protocol."""

import asyncio
import base64
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import aiohttp
import pytest
from parts import need_program
from waiting import PATIENCE_S

# Nothing but loopback can be reached, whatever a page asks for; nor does the browser itself phone home.
FLAGS = (
    "--headless=new",
    "--remote-debugging-port=0",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--window-size=1280,720",
)
# Chromium's sandbox does not start for root.
ROOT_FLAGS = ("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()

# What a keyboard sends for keys whose name is not their text.
CODES = {"Tab": 9, "Enter": 13, "Escape": 27, " ": 32, "ArrowLeft": 37, "ArrowRight": 39, "ArrowDown": 40, "Delete": 46}
TEXTS = {"Enter": "\r"}


class Browser:
    """A Chromium process; each tab speaks over a WebSocket of its own."""

    def __init__(self, program):
        # A short path: the browser puts a socket into its temporary folder, and those have short names.
        self._profile, self._loop = Path(tempfile.mkdtemp(prefix="chromium")), asyncio.new_event_loop()
        self._process = subprocess.Popen(
            [program, *FLAGS, *ROOT_FLAGS, f"--user-data-dir={self._profile}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, "TMPDIR": str(self._profile)},
        )
        self._session = self._loop.run_until_complete(self._open())
        self._port = self._read_port()

    async def _open(self):
        return aiohttp.ClientSession()

    def _read_port(self):
        file, end = self._profile / "DevToolsActivePort", time.monotonic() + PATIENCE_S
        while not (file.exists() and file.read_text().count("\n")):
            assert self._process.poll() is None, f"chromium ended with {self._process.returncode}"
            assert time.monotonic() < end, "chromium opened no port"
            time.sleep(0.05)
        return int(file.read_text().split()[0])

    def tab(self, url, before=""):
        """A new tab that has opened this page; the script `before` runs before those of the page."""
        tab = Tab(self._loop, self._loop.run_until_complete(self._connect()))
        if before:
            tab.call("Page.addScriptToEvaluateOnNewDocument", source=before)
        tab.open(url)
        return tab

    def opened(self, part):
        """The tab, opened by another one, whose address has this part."""
        end = time.monotonic() + PATIENCE_S
        while not (found := self._loop.run_until_complete(self._find(part))):
            assert time.monotonic() < end, f"no tab of {part}"
            time.sleep(0.05)
        return Tab(self._loop, self._loop.run_until_complete(self._session_of(found)))

    async def _find(self, part):
        async with self._session.get(f"http://127.0.0.1:{self._port}/json/list") as answer:
            return next((one["webSocketDebuggerUrl"] for one in await answer.json() if part in one["url"]), None)

    async def _session_of(self, address):
        return await self._session.ws_connect(address, max_msg_size=0)

    async def _connect(self):
        async with self._session.put(f"http://127.0.0.1:{self._port}/json/new?about:blank") as answer:
            received = await answer.json()
        return await self._session.ws_connect(received["webSocketDebuggerUrl"], max_msg_size=0)

    def close(self):
        self._loop.run_until_complete(self._session.close())
        self._process.terminate()
        try:
            self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._loop.close()
        shutil.rmtree(self._profile, ignore_errors=True)


class Tab:
    """One page. `requests` are the addresses it asked for, `faults` what its scripts threw or the console says."""

    def __init__(self, loop, socket):
        self._loop, self._socket = loop, socket
        self._numbers = itertools.count(1)
        self.requests, self.faults = [], []
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method, **params):
        """Result of a DevTools command."""
        return self._loop.run_until_complete(asyncio.wait_for(self._call(method, params), PATIENCE_S))

    async def _call(self, method, params):
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": params})
        while True:
            received = await self._socket.receive_json()
            if received.get("id") == number:
                assert "error" not in received, received["error"]
                return received["result"]
            self._note(received.get("method"), received.get("params", {}))

    def _note(self, method, params):
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Network.webSocketCreated":
            self.requests.append(params["url"])
        elif method == "Runtime.exceptionThrown":
            self.faults.append(params["exceptionDetails"].get("exception", params["exceptionDetails"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.faults.append(params["entry"]["text"])

    def open(self, url):
        self.call("Page.navigate", url=url)
        self.wait("document.readyState === 'complete'")

    def js(self, expression):
        """Value of a JavaScript expression; of what it promises, if it is a promise."""
        received = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in received, received["exceptionDetails"]
        return received["result"].get("value")

    def wait(self, expression, patience_s=PATIENCE_S):
        """The expression's value, once it is true."""
        end = time.monotonic() + patience_s
        while not (value := self.js(expression)):
            assert time.monotonic() < end, f"never came true: {expression}"
            time.sleep(0.02)
        return value

    def text(self, selector):
        return self.js(f"document.querySelector({selector!r}).textContent.trim()")

    def shown(self, selector):
        """Whether it can be seen: there, not hidden, not transparent."""
        return self.js(
            f"document.querySelector({selector!r}).checkVisibility({{opacityProperty: true, visibilityProperty: true}})"
        )

    def focused(self):
        """Name of the control that has the focus; "" if none has."""
        return self.js(
            "(one => one === document.body ? '' : one.ariaLabel || one.textContent.trim())(document.activeElement)"
        )

    def press(self, *keys):
        """Press keys as a keyboard would: letters, or names such as Tab."""
        for key in keys:
            code, text = CODES.get(key, ord(key[0].upper())), TEXTS.get(key, key if len(key) == 1 else None)
            event = {"key": key, "windowsVirtualKeyCode": code, **({"text": text} if text else {})}
            self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **event)
            self.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def type(self, text):
        self.call("Input.insertText", text=text)

    def move(self, x, y):
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def click(self, selector, times=1):
        """Click into its middle, as a mouse would; twice: a double click."""
        box = self.js(
            f"(box => [box.x + box.width / 2, box.y + box.height / 2])"
            f"(document.querySelector({selector!r}).getBoundingClientRect())"
        )
        self.move(*box)
        for count in range(1, times + 1):
            at = {"x": box[0], "y": box[1], "button": "left", "clickCount": count}
            self.call("Input.dispatchMouseEvent", type="mousePressed", **at)
            self.call("Input.dispatchMouseEvent", type="mouseReleased", **at)

    def resize(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def screenshot(self, path):
        received = self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(received["data"]))

    def close(self):
        self.call("Page.close")
        self._loop.run_until_complete(self._socket.close())


@pytest.fixture(scope="module", name="chromium")
def a_chromium():
    """One browser for the tests of a file."""
    browser = Browser(need_program("chromium"))
    yield browser
    browser.close()
