"""Serve the page from a thread: the files in static/, frames, status, commands."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from aiohttp import WSCloseCode, web

from core.commands.forms import described
from core.web.page_thread import PageThread, add_files
from core.web.sockets import opened
from core.web.token import REFUSAL
from renderer.web import mjpeg
from renderer.web.frame_feed import FrameFeed
from renderer.web.frames import Frames
from renderer.web.instrument import Instrument
from renderer.web.oscquery import OscQuery
from renderer.web.viewer import Viewer

log = logging.getLogger(__name__)

STATIC = Path(__file__).parent / "static"
_MAX_MESSAGE = 64 * 1024


class WebServer:
    """The renderer in a browser."""

    def __init__(self, frames: Frames, instrument: Instrument) -> None:
        """Show the newest frame, and what is behind it; all methods of the instrument must return at once."""
        self._frames, self._instrument = frames, instrument
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
        return self._page.start(host, port, token)

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
        app.router.add_get("/commands.json", self._commands)
        app.router.add_get("/wav/{key}", self._wav)
        query = OscQuery(self._instrument)
        add_files(app, STATIC, query.answer)
        app.router.add_get("/{path:.*}", query.answer)

    async def _close(self, _: web.Application) -> None:
        self._feed.close()
        self._threads.shutdown(wait=False)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        return await mjpeg.stream(request, self._feed)

    async def _single(self, _: web.Request) -> web.StreamResponse:
        return await mjpeg.single(self._feed)

    async def _commands(self, _: web.Request) -> web.StreamResponse:
        return web.json_response(described())

    async def _wav(self, request: web.Request) -> web.StreamResponse:
        """A sound that a page with the token has asked for."""
        if not self._page.allows(request):
            return web.Response(status=403, text=f"{REFUSAL}\n")
        sound = self._instrument.sound(request.match_info["key"])
        if sound is None:
            return web.Response(status=404, text="this sound is not kept any more\n")
        return web.Response(body=sound, content_type="audio/wav")

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        viewer = await opened(request, _MAX_MESSAGE)
        self._sockets.add(viewer)
        try:
            refusal = "" if self._page.allows(request) else REFUSAL
            await Viewer(viewer, self._feed, self._instrument, self._threads, refusal).serve()
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
