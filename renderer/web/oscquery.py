"""OSCQuery: the command table over HTTP, and what is set over a WebSocket, as OSC packets whenever it changes.

Everybody who reaches the page may read; nothing can be set this way.
"""

import asyncio
import json
import logging
from collections.abc import Sequence
from contextlib import suppress

from aiohttp import WSMsgType, web
from pythonosc.osc_message_builder import OscMessageBuilder

from core.commands import oscquery
from core.commands.arguments import Value
from core.commands.table import COMMANDS
from core.web.sockets import opened
from renderer.web.instrument import Instrument

log = logging.getLogger(__name__)

_POLL_S = 0.05
_MAX_MESSAGE = 4096


class OscQuery:
    """Answers queries. Create it on a running loop, and use it there."""

    def __init__(self, instrument: Instrument) -> None:
        """Describe what is behind a page."""
        self._instrument = instrument

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer a GET, or serve a WebSocket until it closes."""
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._serve(request)
        # A query is the name of one attribute, as in /image/truncation?VALUE.
        name = request.query_string
        if name.partition("&")[0] == "HOST_INFO":
            return web.json_response(self._instrument.host_info())
        path, values, choices = request.path, self._instrument.values(), self._instrument.choices()
        if not name:
            found = oscquery.node(path, values, choices)
            return _missing(path) if found is None else web.json_response(found)
        try:
            one = oscquery.attribute(path, name, values, choices)
        except KeyError:
            return _missing(path)
        except ValueError as error:
            return web.Response(status=400, text=f"{error}\n")
        return web.Response(status=204) if one is None else web.json_response(one)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        socket = await opened(request, _MAX_MESSAGE)
        listened: set[str] = set()
        sending = asyncio.create_task(self._push(socket, listened))
        try:
            async for message in socket:
                if message.type == WSMsgType.TEXT:
                    _heed(message.data, listened)
        finally:
            sending.cancel()
            with suppress(asyncio.CancelledError, ConnectionError):
                await sending
        return socket

    def _now(self) -> tuple[oscquery.Values, oscquery.Choices]:
        return dict(self._instrument.values()), dict(self._instrument.choices())

    async def _push(self, socket: web.WebSocketResponse, listened: set[str]) -> None:
        """Send what has changed: values that are listened to, and the paths of nodes that are described otherwise."""
        values, choices = self._now()
        while not socket.closed:
            await asyncio.sleep(_POLL_S)
            now, names = self._now()
            for address in [one for one in listened if list(now.get(one, ())) != list(values.get(one, ()))]:
                await socket.send_bytes(packet(address, now.get(address, ())))
            for address in [one for one in names if names[one] != choices.get(one)]:
                await socket.send_str(json.dumps({"COMMAND": "PATH_CHANGED", "DATA": address}))
            values, choices = now, names


def _heed(text: str, listened: set[str]) -> None:
    """Follow a LISTEN or an IGNORE; what is neither is ignored, for there is no answer to it."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        message = None
    command, path = (message.get("COMMAND"), message.get("DATA")) if isinstance(message, dict) else (None, None)
    if not isinstance(path, str) or path not in COMMANDS:
        log.debug("not a command of OSCQuery: %.80r", text)
    elif command == "LISTEN":
        listened.add(path)
    elif command == "IGNORE":
        listened.discard(path)


def packet(address: str, args: Sequence[Value]) -> bytes:
    """An OSC message with the types of the command table."""
    builder = OscMessageBuilder(address)
    spec = COMMANDS[address]
    kinds = [arg.kind for arg in spec.args] + [arg.kind for arg in spec.group] * len(args)
    for kind, value in zip(kinds, args, strict=False):
        builder.add_arg(float(value) if kind == "float" else value)
    return bytes(builder.build().dgram)


def _missing(path: str) -> web.Response:
    return web.Response(status=404, text=f"there is no {path[:80]}\n")
