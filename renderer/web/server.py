"""Serves the page in a thread of its own: the files in static/, pictures, status, commands."""

import asyncio
import ipaddress
import logging
import socket
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from aiohttp import WSCloseCode, web

from renderer.web import mjpeg
from renderer.web.frame_feed import FrameFeed
from renderer.web.frames import Frames
from renderer.web.origin_check import Handler, add_headers, guard, own_names
from renderer.web.viewer import Command, Status, Viewer

log = logging.getLogger(__name__)

STATIC = Path(__file__).parent / "static"
_MAX_MESSAGE = 64 * 1024
# A browser that does not answer for so long is gone.
_HEARTBEAT_S = 10.0
_PATIENCE_S = 10.0


class WebServer:
    """The renderer as seen in a browser.

    `status` is asked up to five times a second per viewer, from a thread of the page's own, and must answer at once.
    Its keys (what is missing is not shown):

    * model, mode, fps, dropped, recording, busy
    * playing: {target, position_s, duration_s (0: not known)} or None
    * truncation, jitter, smooth, bpm
    * classes, class_weights: names and shares of those that are shown; class_ids: their numbers
    * models: names of all there are; class_names: of all classes of the model, in the order of their numbers
    * saved: the file that was written last
    * components: the file of the directions, direction_count, directions: their names, edits: how far along them;
      finding: None, or how much of the work to find them is done, 0..1

    `command` gets an OSC address and its values by name (None: left out), as the server sends them: "/image/load" name,
    "/image/classes" class [...], "/image/truncation" value, "/image/mode" name, "/image/record" what file, and so on.
    It returns "" or why not, in one sentence; or a future of that, for what takes long. Commands come one after the
    other, from a thread of the page's own.
    """

    def __init__(self, frames: Frames, status: Status, command: Command) -> None:
        self._frames, self._status, self._command = frames, status, command
        self._sockets: set[web.WebSocketResponse] = set()
        self._thread: threading.Thread | None = None

    def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Serve from now on; returns the page's address.

        Args:
            host: where to listen; this machine alone unless told otherwise.
            port: 0 for any that is free.

        Raises:
            OSError: the port is taken, or the host is not this machine's.
            RuntimeError: it was started before.
        """
        if self._thread is not None:
            raise RuntimeError("the page is served already")
        started: Future[str] = Future()
        self._thread = threading.Thread(target=self._run, args=(host, port, started), name="page", daemon=True)
        self._thread.start()
        try:
            return started.result()
        except OSError:
            self._thread = None
            raise

    def stop(self) -> None:
        """Say good-bye to all viewers and give the port back."""
        if self._thread is not None:
            self._loop.call_soon_threadsafe(self._ended.set)
            self._thread.join(_PATIENCE_S)
            self._thread = None

    def _run(self, host: str, port: int, started: "Future[str]") -> None:
        try:
            asyncio.run(self._serve(host, port, started))
        except Exception as error:
            if started.done():
                log.exception("the page has ended")
            else:
                started.set_exception(error)

    async def _serve(self, host: str, port: int, started: "Future[str]") -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        self._feed, self._orders = FrameFeed(self._frames), ThreadPoolExecutor(1, "page-command")
        runner = web.AppRunner(self._app(host), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            site = web.TCPSite(runner, host, port)
            await site.start()
            started.set_result(address(host, runner.addresses[0][1]))
            await self._ended.wait()
        finally:
            await runner.cleanup()
            self._feed.close()
            self._orders.shutdown(wait=False)

    def _app(self, host: str) -> web.Application:
        app = web.Application(middlewares=[guard(own_names(host))])
        app.on_response_prepare.append(add_headers)
        app.on_shutdown.append(self._dismiss)
        app.router.add_get("/ws", self._watch)
        app.router.add_get("/stream.mjpg", self._stream)
        app.router.add_get("/frame.jpg", self._single)
        for path in STATIC.iterdir():
            app.router.add_get("/" if path.name == "page.html" else f"/{path.name}", _file(path))
        return app

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        return await mjpeg.stream(request, self._feed)

    async def _single(self, _: web.Request) -> web.StreamResponse:
        return await mjpeg.single(self._feed)

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        # JPEG does not get smaller; compressing it would only cost time.
        viewer = web.WebSocketResponse(compress=False, heartbeat=_HEARTBEAT_S, max_msg_size=_MAX_MESSAGE)
        await viewer.prepare(request)
        self._sockets.add(viewer)
        try:
            await Viewer(viewer, self._feed, self._status, self._command, self._orders).serve()
        finally:
            self._sockets.discard(viewer)
        return viewer

    async def _dismiss(self, _: web.Application) -> None:
        ends = [
            asyncio.ensure_future(viewer.close(code=WSCloseCode.GOING_AWAY, message=b"the renderer ends"))
            for viewer in self._sockets
        ]
        if ends:
            # One that does not read would not answer either.
            await asyncio.wait(ends, timeout=1.0)


def address(host: str, port: int) -> str:
    """Of the page, as a browser takes it; where all of a machine's addresses are served, by the machine's name."""
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return f"http://{host or socket.gethostname()}:{port}/"
    if ip.is_unspecified:
        return f"http://{socket.gethostname()}:{port}/"
    return f"http://[{host}]:{port}/" if ip.version == 6 else f"http://{host}:{port}/"


def _file(path: Path) -> Handler:
    async def send(_: web.Request) -> web.StreamResponse:
        return web.FileResponse(path)

    return send
