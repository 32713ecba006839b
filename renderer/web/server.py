"""Serve the page from a thread: the files in static/, frames, status, commands."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from aiohttp import WSCloseCode, web

from core import hosts
from core.web.page_thread import PageThread, add_files, address
from core.web.token import REFUSAL, matches, stored
from renderer.web import mjpeg
from renderer.web.frame_feed import FrameFeed
from renderer.web.frames import Frames
from renderer.web.viewer import ReadStatus, Submit, Viewer

log = logging.getLogger(__name__)

STATIC = Path(__file__).parent / "static"
_MAX_MESSAGE = 64 * 1024
# A browser that does not answer for this long is gone.
_HEARTBEAT_S = 10.0


class WebServer:
    """The renderer in a browser."""

    def __init__(self, frames: Frames, status: ReadStatus, submit: Submit) -> None:
        """Show a renderer.

        Args:
            frames: the newest frame.
            status: called up to five times per second and viewer, from threads of the page; must return at once.
            submit: executes a checked command, and returns a future of "" or the reason why not. Commands come one
                after the other, from one thread of the page.
        """
        self._frames, self._status, self._submit = frames, status, submit
        self._sockets: set[web.WebSocketResponse] = set()
        self._page = PageThread(self._fill)

    def start(self, host: str = "127.0.0.1", port: int = 0, token: Path | None = None) -> str:
        """Start serving; returns the page's address, with a token where other machines can reach it.

        Args:
            host: where to listen; by default this machine only.
            port: 0 for any free port.
            token: the file that keeps the token.

        Raises:
            OSError: the port is taken, or the host is not an address of this machine.
            RuntimeError: it was started before.
        """
        self._token = "" if hosts.is_loopback(host) else stored(token)
        return address(host, self._page.start(host, port), self._token)

    def stop(self) -> None:
        """Disconnect all viewers and free the port."""
        self._page.stop()

    def _fill(self, app: web.Application) -> None:
        self._feed, self._threads = FrameFeed(self._frames), ThreadPoolExecutor(1, "page-command")
        app.on_shutdown.append(self._disconnect)
        app.on_cleanup.append(self._close)
        app.router.add_get("/ws", self._watch)
        app.router.add_get("/stream.mjpg", self._stream)
        app.router.add_get("/frame.jpg", self._single)
        add_files(app, STATIC)

    async def _close(self, _: web.Application) -> None:
        self._feed.close()
        self._threads.shutdown(wait=False)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        return await mjpeg.stream(request, self._feed)

    async def _single(self, _: web.Request) -> web.StreamResponse:
        return await mjpeg.single(self._feed)

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        # JPEG is compressed already.
        viewer = web.WebSocketResponse(compress=False, heartbeat=_HEARTBEAT_S, max_msg_size=_MAX_MESSAGE)
        await viewer.prepare(request)
        self._sockets.add(viewer)
        try:
            refusal = "" if matches(self._token, request.query.get("token", "")) else REFUSAL
            await Viewer(viewer, self._feed, self._status, self._submit, self._threads, refusal).serve()
        finally:
            self._sockets.discard(viewer)
        return viewer

    async def _disconnect(self, _: web.Application) -> None:
        ends = [
            asyncio.ensure_future(viewer.close(code=WSCloseCode.GOING_AWAY, message=b"the renderer is stopping"))
            for viewer in self._sockets
        ]
        if ends:
            # With a timeout: a viewer that does not read does not answer either.
            await asyncio.wait(ends, timeout=1.0)
