"""Open WebSockets from a browser."""

from aiohttp import web

# A browser that does not answer for this long is gone.
_HEARTBEAT_S = 10.0


async def opened(request: web.Request, most_bytes: int) -> web.WebSocketResponse:
    """The WebSocket that a request asks for, not compressed: JPEG is compressed already, and the rest is short.

    Args:
        request: of a browser.
        most_bytes: of a message.

    Raises:
        web.HTTPBadRequest: it is not a request for a WebSocket.
    """
    socket = web.WebSocketResponse(compress=False, heartbeat=_HEARTBEAT_S, max_msg_size=most_bytes)
    try:
        await socket.prepare(request)
    except ValueError:
        # aiohttp decodes the key without expecting that it may be no base64 at all.
        raise web.HTTPBadRequest(text="Sec-WebSocket-Key must be base64\n") from None
    return socket
