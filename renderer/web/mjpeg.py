"""Frames for programs without WebSocket: a stream of JPEGs (OBS, VLC, ffmpeg), and a single JPEG.

The stream is multipart/x-mixed-replace, as network cameras send it. The receiver cannot confirm a frame, so little is
sent ahead: one frame at a time, in a small socket buffer.
"""

import asyncio
import socket
import time

from aiohttp import web

from renderer.web.frame_feed import FrameFeed

_BOUNDARY = "picture"
_BUFFER = 64 * 1024
# A still frame is repeated, or players disconnect.
_REPEAT_S = 1.0
_POLL_S = 0.01
# A client that reads nothing for this long is gone.
_PATIENCE_S = 20.0


async def stream(request: web.Request, feed: FrameFeed) -> web.StreamResponse:
    """Send the newest frame, again and again, until the client disconnects."""
    response = web.StreamResponse(headers={"Content-Type": f"multipart/x-mixed-replace; boundary={_BOUNDARY}"})
    _shrink_buffer(request)
    await response.prepare(request)
    number, jpeg = 0, b""
    try:
        # The boundary follows each frame at once, for players that show it only then.
        await response.write(f"--{_BOUNDARY}\r\n".encode())
        while await _flushed(request):
            number, newer = await feed.newer(number, _REPEAT_S)
            jpeg = newer or jpeg
            if jpeg:
                await response.write(_part(jpeg))
    except ConnectionError:
        # The client has disconnected: the usual end of a stream.
        return response
    return response


async def single(feed: FrameFeed) -> web.Response:
    """The newest frame, or status 503 before the first."""
    _, jpeg = await feed.newer(0, 0.0)
    if not jpeg:
        return web.Response(status=503, text="nothing was rendered yet\n")
    return web.Response(body=jpeg, content_type="image/jpeg")


def _part(jpeg: bytes) -> bytes:
    head = f"Content-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n".encode()
    return b"".join((head, jpeg, f"\r\n--{_BOUNDARY}\r\n".encode()))


def _shrink_buffer(request: web.Request) -> None:
    """Make the socket buffer small, so that few frames wait in it for a slow reader."""
    end = request.transport.get_extra_info("socket") if request.transport else None
    if end is not None:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)


async def _flushed(request: web.Request) -> bool:
    """Wait until everything written is in the socket buffer; False when the client is gone, or reads nothing."""
    deadline_s = time.monotonic() + _PATIENCE_S
    while (transport := request.transport) is not None and not transport.is_closing():
        if time.monotonic() > deadline_s:
            transport.abort()
            return False
        if not transport.get_write_buffer_size():
            return True
        await asyncio.sleep(_POLL_S)
    return False
