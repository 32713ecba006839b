"""Pictures for programs that know no WebSocket: an endless row of JPEGs (OBS, VLC, ffmpeg), and one JPEG.

The stream is the one that cameras send, multipart/x-mixed-replace. It has no way to say "seen", so what is on its way
is kept small: one picture at a time, in a short buffer of the system's.
"""

import asyncio
import socket

from aiohttp import web

from renderer.web.frame_feed import FrameFeed

_BOUNDARY = "picture"
_BUFFER = 64 * 1024
# A stream that stands still is repeated, or players give it up.
_REPEAT_S = 1.0
_POLL_S = 0.01


async def stream(request: web.Request, feed: FrameFeed) -> web.StreamResponse:
    """Send the newest picture, again and again, until the other side has gone."""
    response = web.StreamResponse(headers={"Content-Type": f"multipart/x-mixed-replace; boundary={_BOUNDARY}"})
    _shorten(request)
    await response.prepare(request)
    number, jpeg = 0, b""
    try:
        # The boundary follows each picture at once, for players that show it only then.
        await response.write(f"--{_BOUNDARY}\r\n".encode())
        while await _emptied(request):
            number, newer = await feed.newer(number, _REPEAT_S)
            jpeg = newer or jpeg
            if jpeg:
                await response.write(_part(jpeg))
    except ConnectionError:
        # It went away in this moment: the usual end of a stream.
        return response
    return response


async def single(feed: FrameFeed) -> web.Response:
    """The newest picture, or 503 where there is none yet."""
    _, jpeg = await feed.newer(0, 0.0)
    if not jpeg:
        return web.Response(status=503, text="nothing was painted yet\n")
    return web.Response(body=jpeg, content_type="image/jpeg")


def _part(jpeg: bytes) -> bytes:
    head = f"Content-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n".encode()
    return b"".join((head, jpeg, f"\r\n--{_BOUNDARY}\r\n".encode()))


def _shorten(request: web.Request) -> None:
    """Let few pictures wait in the system for a reader that is slow."""
    end = request.transport.get_extra_info("socket") if request.transport else None
    if end is not None:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)


async def _emptied(request: web.Request) -> bool:
    """Wait until what was written is on its way; False when the other side has gone."""
    while (way := request.transport) is not None and not way.is_closing():
        if not way.get_write_buffer_size():
            return True
        await asyncio.sleep(_POLL_S)
    return False
