"""Serve a page from a thread: connections through the gate, requests from elsewhere refused, nothing foreign loaded."""

import asyncio
import ipaddress
import logging
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from aiohttp import web

from core import hosts
from core.web.gate import BACKLOG, REQUEST_S, Gate, http_log
from core.web.origin_check import Handler, add_headers, origin_check, own_names
from core.web.token import matches, stored

log = logging.getLogger(__name__)

_PATIENCE_S = 10.0
# The rest of a request that is refused may arrive for so long, so that the browser reads the refusal.
_LINGER_S = 2.0


class PageThread:
    """A web application and its thread.

    Attributes:
        loop: the event loop of the thread, once it has started.
    """

    def __init__(self, fill: Callable[[web.Application], None], most_bytes: int = 1024**2) -> None:
        """Serve an application.

        Args:
            fill: adds routes, and whatever starts and ends with them; called in the thread, with the loop running.
            most_bytes: of a request's body.
        """
        self._fill, self._most_bytes, self._token = fill, most_bytes, ""
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
        started: Future[int] = Future()
        self._thread = threading.Thread(target=self._run, args=(host, port, started), name="page", daemon=True)
        self._thread.start()
        try:
            return address(host, started.result(), self._token)
        except OSError:
            self._thread = None
            raise

    def allows(self, request: web.Request) -> bool:
        """Whether a request has the token, or needs none."""
        return matches(self._token, request.query.get("token", ""))

    def stop(self) -> None:
        """Disconnect all clients and free the port."""
        if self._thread is not None:
            self.loop.call_soon_threadsafe(self._ended.set)
            self._thread.join(_PATIENCE_S)
            self._thread = None

    def _run(self, host: str, port: int, started: "Future[int]") -> None:
        try:
            asyncio.run(self._serve(host, port, started))
        except Exception as error:
            if started.done():
                log.exception("the page has ended")
            else:
                started.set_exception(error)

    async def _serve(self, host: str, port: int, started: "Future[int]") -> None:
        self.loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        gate = Gate()
        app = self._app(host, gate)
        options = {"keepalive_timeout": REQUEST_S, "lingering_time": _LINGER_S, "logger": http_log()}
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0, **options)  # type: ignore[arg-type]
        await runner.setup()
        gate.open(runner.server)
        try:
            entry = await self.loop.create_server(gate, host, port, backlog=BACKLOG)
            try:
                started.set_result(entry.sockets[0].getsockname()[1])
                await self._ended.wait()
            finally:
                entry.close()
        finally:
            await runner.cleanup()

    def _app(self, host: str, gate: Gate) -> web.Application:
        middlewares = [gate.middleware(), origin_check(own_names(host))]
        app = web.Application(middlewares=middlewares, client_max_size=self._most_bytes)
        app.on_response_prepare.append(add_headers)
        self._fill(app)
        return app


def address(host: str, port: int, token: str = "") -> str:
    """The page's URL, with the token if there is one; where it is served on all addresses, with the machine's name."""
    page = _url(host, port)
    return f"{page}?token={token}" if token else page


def _url(host: str, port: int) -> str:
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return f"http://{host or socket.gethostname()}:{port}/"
    if ip.is_unspecified:
        return f"http://{socket.gethostname()}:{port}/"
    return f"http://[{host}]:{port}/" if ip.version == 6 else f"http://{host}:{port}/"


def add_files(app: web.Application, folder: Path, root: Handler | None = None) -> None:
    """Serve the files of a folder under their names, and page.html as the page itself.

    Args:
        app: gets the routes.
        folder: of the files.
        root: answers in place of the page whoever does not ask for HTML: no browser does so for a page.
    """
    for path in folder.iterdir():
        page = path.name == "page.html"
        app.router.add_get("/" if page else f"/{path.name}", _page(path, root) if page and root else _file(path))


def _page(path: Path, other: Handler) -> Handler:
    async def send(request: web.Request) -> web.StreamResponse:
        if "text/html" in request.headers.get("Accept", "") and "HOST_INFO" not in request.query:
            return web.FileResponse(path)
        return await other(request)

    return send


def _file(path: Path) -> Handler:
    async def send(_: web.Request) -> web.StreamResponse:
        return web.FileResponse(path)

    return send
