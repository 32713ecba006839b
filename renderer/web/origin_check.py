"""Who may look and steer: this page itself, never another site that the same browser has open.

A browser sends along which page a WebSocket is opened by (Origin), and under which name the server was called (Host).
A foreign page that gives its own name this machine's address (DNS rebinding) is told by the Host; an address in place
of a name cannot be borrowed in this way.
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
    """Names, besides addresses, under which a server that was started on `host` may be called."""
    machine = socket.gethostname().lower()
    return frozenset({"localhost", host.lower(), machine, f"{machine}.local"} - {""})


def refusal(host: str, origin: str | None, names: frozenset[str]) -> str:
    """Why a request with these headers is refused; "" if it is not. Programs other than browsers send no Origin."""
    name = _hostname(f"//{host}")
    if name not in names and not _is_address(name):
        return f"this page is not called {host!r:.80}; use an address, or one of {', '.join(sorted(names))}"
    if origin is not None and _place(origin) != host.lower():
        return f"a page of {origin!r:.80} may not use this one"
    return ""


def _hostname(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _place(origin: str) -> str:
    """Host and port of an origin; "" for what is no web page."""
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


def guard(names: frozenset[str]) -> Middleware:
    """A middleware that answers 403 to strangers."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        reason = refusal(request.headers.get("Host", ""), request.headers.get("Origin"), names)
        if reason:
            return web.Response(status=403, text=f"{reason}\n")
        return await handler(request)

    return check


async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Say with every response that nothing from elsewhere belongs to it, and that it belongs into no other page."""
    response.headers.update(HEADERS)
