"""One browser that watches: pictures and status go out, commands come back, over one WebSocket.

Out: binary messages are JPEG; text is JSON, `{"status": what has changed}` or `{"answer": id, "error": why not or ""}`.
In: `{"seen": true}` for each picture, `{"watch": false}` while nobody looks, and
`{"ask": id, "address": "/image/...", "values": {...}}`. A viewer gets no further picture while it has not seen two, so
the newest is never far behind, however slow its way is.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

import numpy as np
from aiohttp import WSMsgType, web

from renderer.web.frame_feed import FrameFeed

log = logging.getLogger(__name__)

Status = Callable[[], dict[str, Any]]
Command = Callable[[str, dict[str, Any]], "str | Future[str]"]

STATUS_S = 0.2
UNSEEN = 2
MAX_ASKED = 32


def read_ask(told: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Address and values of a command that a page sends.

    Raises:
        ValueError: it is none.
    """
    address, values = told.get("address"), told.get("values")
    if not isinstance(address, str) or not address.startswith("/image/"):
        raise ValueError(f"a command's address must begin with /image/, not {address!r:.60}")
    if not isinstance(values, dict):
        raise ValueError(f"the values of {address:.60} must be an object, not {values!r:.60}")
    return address, values


def written(status: dict[str, Any]) -> dict[str, str]:
    """Keys and values as JSON texts, which compare whatever they are.

    Raises:
        TypeError, ValueError: JSON has no word for a value.
    """
    return {json.dumps(key): json.dumps(value, default=plain, allow_nan=False) for key, value in status.items()}


def plain(value: Any) -> Any:
    """What JSON has no word for: numpy's numbers and arrays."""
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise TypeError(f"a status may not hold a {type(value).__name__}")


class Viewer:
    """Serves one socket until it closes."""

    def __init__(
        self, socket: web.WebSocketResponse, feed: FrameFeed, status: Status, command: Command, orders: Executor
    ) -> None:
        """`orders` runs commands, one after the other; it may take its time."""
        self._socket, self._feed = socket, feed
        self._status, self._command, self._orders = status, command, orders
        self._room = asyncio.Semaphore(UNSEEN)
        self._unseen = 0
        self._watching = asyncio.Event()
        self._watching.set()
        self._told: dict[str, str] = {}
        self._telling = asyncio.Lock()
        self._asked: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Until the socket closes."""
        sending = [asyncio.create_task(self._send_pictures()), asyncio.create_task(self._send_status())]
        try:
            async for message in self._socket:
                if message.type == WSMsgType.TEXT:
                    await self._hear(message.data)
        finally:
            for task in (*sending, *self._asked):
                task.cancel()
            for end in await asyncio.gather(*sending, *self._asked, return_exceptions=True):
                if isinstance(end, Exception):
                    log.error("a viewer was left without pictures or answers", exc_info=end)

    async def _send_pictures(self) -> None:
        number = 0
        while not self._socket.closed:
            await self._watching.wait()
            await self._room.acquire()
            number, jpeg = await self._feed.newer(number, 1.0)
            if jpeg:
                self._unseen += 1
                await self._send(self._socket.send_bytes, jpeg)
            else:
                self._room.release()

    async def _send_status(self) -> None:
        while not self._socket.closed:
            await self._tell_status()
            await asyncio.sleep(STATUS_S)

    async def _tell_status(self) -> None:
        # One after the other, so that an old status never follows a new one.
        async with self._telling:
            try:
                now = written(await asyncio.get_running_loop().run_in_executor(None, self._status))
            except Exception:
                # A page without news is better than none; the log says which line to mend.
                log.exception("the status of the renderer cannot be told")
                return
            changed = [f"{key}: {value}" for key, value in now.items() if self._told.get(key) != value]
            self._told = now
            if changed:
                await self._send(self._socket.send_str, f'{{"status": {{{", ".join(changed)}}}}}')

    async def _hear(self, text: str) -> None:
        try:
            told = json.loads(text)
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, dict):
            await self._answer(None, f"a message must be a JSON object, not {text!r:.60}")
        elif "seen" in told:
            self._see()
        elif "watch" in told:
            self._watching.set() if told["watch"] else self._watching.clear()
        else:
            await self._take(told)

    def _see(self) -> None:
        # Who has seen more than was sent gets no credit for it.
        if self._unseen:
            self._unseen -= 1
            self._room.release()

    async def _take(self, told: dict[str, Any]) -> None:
        """Let a command be done, without keeping pictures waiting."""
        try:
            address, values = read_ask(told)
        except ValueError as error:
            return await self._answer(told.get("ask"), str(error))
        if len(self._asked) >= MAX_ASKED:
            return await self._answer(told.get("ask"), f"{MAX_ASKED} commands of this page are waiting; {address} must")
        task = asyncio.create_task(self._do(told.get("ask"), address, values))
        self._asked.add(task)
        task.add_done_callback(self._asked.discard)

    async def _do(self, number: Any, address: str, values: dict[str, Any]) -> None:
        try:
            told = await asyncio.get_running_loop().run_in_executor(self._orders, self._command, address, values)
            error = await asyncio.wrap_future(told) if isinstance(told, Future) else told
        except Exception as wrong:
            log.exception("%s failed", address)
            error = f"{address} failed: {wrong}"
        # First what has changed, so that a page that hears the answer shows it.
        await self._tell_status()
        await self._answer(number, error)

    async def _answer(self, number: Any, error: str) -> None:
        await self._send(self._socket.send_str, json.dumps({"answer": number, "error": error}))

    async def _send(self, send: Callable[[Any], Any], message: Any) -> None:
        try:
            await send(message)
        except ConnectionError:
            # It went away in this moment; the loop that reads ends by itself.
            log.debug("a viewer has gone")
