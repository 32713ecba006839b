"""Serve the page from a thread: the files in static/, frames, status, commands."""

import asyncio
import ipaddress
import logging
import socket
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from aiohttp import WSCloseCode, web

from core import hosts
from renderer.web import mjpeg
from renderer.web.frame_feed import FrameFeed
from renderer.web.frames import Frames
from renderer.web.gate import BACKLOG, REQUEST_S, Gate, http_log
from renderer.web.origin_check import Handler, add_headers, origin_check, own_names
from renderer.web.token import REFUSAL, matches, stored
from renderer.web.viewer import ReadStatus, Submit, Viewer

log = logging.getLogger(__name__)

STATIC = Path(__file__).parent / "static"
_MAX_MESSAGE = 64 * 1024
# A browser that does not answer for this long is gone.
_HEARTBEAT_S = 10.0
_PATIENCE_S = 10.0


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
        self._thread: threading.Thread | None = None

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
        if self._thread is not None:
            raise RuntimeError("the page is being served already")
        self._token = "" if hosts.is_loopback(host) else stored(token)
        started: Future[str] = Future()
        self._thread = threading.Thread(target=self._run, args=(host, port, started), name="page", daemon=True)
        self._thread.start()
        try:
            return started.result()
        except OSError:
            self._thread = None
            raise

    def stop(self) -> None:
        """Disconnect all viewers and free the port."""
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
        self._feed, self._threads = FrameFeed(self._frames), ThreadPoolExecutor(1, "page-command")
        gate = Gate()
        app, options = self._app(host, gate), {"keepalive_timeout": REQUEST_S, "logger": http_log()}
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0, **options)  # type: ignore[arg-type]
        await runner.setup()
        gate.open(runner.server)
        try:
            entry = await self._loop.create_server(gate, host, port, backlog=BACKLOG)
            try:
                started.set_result(self._address(host, entry.sockets[0].getsockname()[1]))
                await self._ended.wait()
            finally:
                entry.close()
        finally:
            await runner.cleanup()
            self._feed.close()
            self._threads.shutdown(wait=False)

    def _address(self, host: str, port: int) -> str:
        """The page's URL, with the token if it needs one."""
        page = address(host, port)
        return f"{page}?token={self._token}" if self._token else page

    def _app(self, host: str, gate: Gate) -> web.Application:
        app = web.Application(middlewares=[gate.middleware(), origin_check(own_names(host))])
        app.on_response_prepare.append(add_headers)
        app.on_shutdown.append(self._disconnect)
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


def address(host: str, port: int) -> str:
    """The page's URL; where it is served on all addresses of the machine, with the machine's name."""
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
