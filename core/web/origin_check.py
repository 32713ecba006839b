"""Let only the page itself see frames and send commands, never another site that is open in the same browser.

A browser reports which page opens a WebSocket (Origin), and by which name the server was addressed (Host). The Host
exposes a foreign page that maps its own name to this machine's address (DNS rebinding); an IP address cannot be mapped.
"""

import ipaddress
import socket
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Middleware

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def own_names(host: str) -> frozenset[str]:
    """Names, besides IP addresses, by which a server on `host` may be addressed."""
    machine = socket.gethostname().lower()
    return frozenset({"localhost", host.lower(), machine, f"{machine}.local"} - {""})


def refusal(host: str, origin: str | None, names: frozenset[str]) -> str:
    """Why a request with these headers is refused; "" if it is not. Only browsers send an Origin."""
    name = _hostname(f"//{host}")
    if name not in names and not _is_address(name):
        return f"this page is not called {host!r:.80}; use an IP address, or one of {', '.join(sorted(names))}"
    if origin is not None and _host_and_port(origin) != host.lower():
        return f"a page of {origin!r:.80} may not use this page"
    return ""


def _hostname(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _host_and_port(origin: str) -> str:
    """Host and port of an origin; "" for anything but a web page."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return ""
    return parts.netloc.lower() if parts.scheme in ("http", "https") else ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def origin_check(names: frozenset[str]) -> Middleware:
    """A middleware that answers 403 to requests from elsewhere."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        reason = refusal(request.headers.get("Host", ""), request.headers.get("Origin"), names)
        if reason:
            return web.Response(status=403, text=f"{reason}\n")
        return await handler(request)

    return check


async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Forbid, with every response, to load anything from elsewhere and to embed it in another page."""
    response.headers.update(HEADERS)
