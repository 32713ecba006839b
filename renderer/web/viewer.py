"""One browser that watches: frames and status go out, commands come in, over one WebSocket.

Out: binary messages are JPEG; text is JSON, `{"status": what has changed}`, `{"progress": id, "done": n, "total": n}`,
`{"part": id, "reply": [address, argument...]}` for what comes long before the end (segments of a stream), or
`{"answer": id, "error": reason or "", "replies": [[address, argument...]...]}`; no replies where there are none.
In: `{"seen": true}` for each frame, `{"watch": false}` while nobody looks, and
`{"ask": id, "address": "/image/...", "values": {...}}`. While two frames are unseen, a viewer gets no other, so that it
never falls behind, however slow its connection is.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor as ThreadExecutor
from dataclasses import asdict
from typing import Any

import numpy as np
from aiohttp import WSMsgType, web

from core.commands.reading import Command, Refusal, read_values
from renderer.outcome import Outcome, Reply
from renderer.web.frame_feed import FrameFeed
from renderer.web.instrument import Instrument

log = logging.getLogger(__name__)

STATUS_S = 0.2
UNSEEN = 2
MAX_ASKED = 32


def as_json(status: Mapping[str, Any]) -> dict[str, str]:
    """Keys and values as JSON texts, which can be compared whatever they are.

    Raises:
        TypeError, ValueError: JSON cannot hold a value.
    """
    return {json.dumps(key): json.dumps(value, default=plain, allow_nan=False) for key, value in status.items()}


def plain(value: Any) -> Any:
    """Numpy numbers and arrays as plain values, for JSON."""
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise TypeError(f"a status cannot hold a {type(value).__name__}")


class Viewer:
    """Serves one socket until it closes."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        feed: FrameFeed,
        instrument: Instrument,
        threads: ThreadExecutor,
        refusal: str = "",
    ) -> None:
        """Connect a socket to a renderer.

        Args:
            socket: of the browser.
            feed: the newest frame.
            instrument: what the page shows and sets.
            threads: runs its `submit`, one call after the other; it may take time.
            refusal: why this viewer may send no commands; "": it may.
        """
        self._refusal = refusal
        self._socket, self._feed = socket, feed
        self._instrument, self._threads = instrument, threads
        self._credit = asyncio.Semaphore(UNSEEN)
        self._unseen = 0
        self._watching = asyncio.Event()
        self._watching.set()
        self._sent: dict[str, str] = {}
        self._status_lock = asyncio.Lock()
        self._asked: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Run until the socket closes."""
        sending = [asyncio.create_task(self._send_frames()), asyncio.create_task(self._send_status())]
        try:
            async for message in self._socket:
                if message.type == WSMsgType.TEXT:
                    await self._receive(message.data)
        finally:
            for task in (*sending, *self._asked):
                task.cancel()
            for end in await asyncio.gather(*sending, *self._asked, return_exceptions=True):
                if isinstance(end, Exception):
                    log.error("sending to a viewer failed", exc_info=end)

    async def _send_frames(self) -> None:
        number = 0
        while not self._socket.closed:
            await self._watching.wait()
            await self._credit.acquire()
            number, jpeg = await self._feed.newer(number, 1.0)
            if jpeg:
                self._unseen += 1
                await self._send(self._socket.send_bytes, jpeg)
            else:
                self._credit.release()

    async def _send_status(self) -> None:
        while not self._socket.closed:
            await self._send_changes()
            await asyncio.sleep(STATUS_S)

    async def _send_changes(self) -> None:
        # One after the other, so that an old status never follows a new one.
        async with self._status_lock:
            try:
                now = as_json(asdict(await asyncio.get_running_loop().run_in_executor(None, self._instrument.status)))
            except Exception:
                # A page without news is better than none; the log names the line to mend.
                log.exception("the status of the renderer cannot be sent")
                return
            changed = [f"{key}: {value}" for key, value in now.items() if self._sent.get(key) != value]
            self._sent = now
            if changed:
                await self._send(self._socket.send_str, f'{{"status": {{{", ".join(changed)}}}}}')

    async def _receive(self, text: str) -> None:
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            message = None
        if not isinstance(message, dict):
            await self._answer(None, f"a message must be a JSON object, not {text!r:.60}")
        elif "seen" in message:
            self._see()
        elif "watch" in message:
            self._watching.set() if message["watch"] else self._watching.clear()
        else:
            await self._command(message)

    def _see(self) -> None:
        # A viewer that reports more than it got earns no credit.
        if self._unseen:
            self._unseen -= 1
            self._credit.release()

    async def _command(self, message: dict[str, Any]) -> None:
        """Execute a command without delaying frames."""
        number = message.get("ask")
        if self._refusal:
            return await self._answer(number, self._refusal)
        command = read_values(message.get("address"), message.get("values"))
        if isinstance(command, Refusal):
            return await self._answer(number, command.reason)
        if len(self._asked) >= MAX_ASKED:
            return await self._answer(number, f"{MAX_ASKED} commands of this page are waiting; try again")
        task = asyncio.create_task(self._execute(number, command))
        self._asked.add(task)
        task.add_done_callback(self._asked.discard)

    async def _execute(self, number: Any, command: Command) -> None:
        loop = asyncio.get_running_loop()

        def progress(done: int, total: int) -> None:
            loop.call_soon_threadsafe(self._report, {"progress": number, "done": done, "total": total})

        def part(reply: Reply) -> None:
            loop.call_soon_threadsafe(self._report, {"part": number, "reply": reply})

        end = Outcome([], "")
        try:
            submitted = await loop.run_in_executor(self._threads, self._instrument.submit, command, progress, part)
            end = await asyncio.wrap_future(submitted)
        except Exception as wrong:
            log.exception("%s failed", command.address)
            end = Outcome([], f"{command.address} failed: {wrong}")
        # The status first, so that the page shows the change when it gets the answer.
        await self._send_changes()
        await self._answer(number, end.error, end.replies)

    def _report(self, message: Mapping[str, Any]) -> None:
        text = json.dumps(message, default=plain)
        task = asyncio.ensure_future(self._send(self._socket.send_str, text))
        self._asked.add(task)
        task.add_done_callback(self._asked.discard)

    async def _answer(self, number: Any, error: str, replies: Sequence[Any] = ()) -> None:
        answer = {"answer": number, "error": error, **({"replies": replies} if replies else {})}
        await self._send(self._socket.send_str, json.dumps(answer, default=plain))

    async def _send(self, send: Callable[[Any], Any], message: Any) -> None:
        try:
            await send(message)
        except ConnectionError:
            # The viewer has just gone; the loop that receives ends by itself.
            log.debug("a viewer has disconnected")
