"""The newest frame for an event loop: encoded in another thread, and only while somebody waits for it."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from renderer.web.frames import Frames


class FrameFeed:
    """The newest JPEG as a coroutine. Create and use it on a running loop; `Frames` calls it from its own thread."""

    def __init__(self, frames: Frames) -> None:
        self._frames = frames
        self._loop = asyncio.get_running_loop()
        self._arrived: asyncio.Future[None] = self._loop.create_future()
        self._waiting = 0
        self._encoder = ThreadPoolExecutor(1, "page-jpeg")
        frames.listen(self._wake)

    async def newer(self, after: int, timeout_s: float) -> tuple[int, bytes]:
        """The newest JPEG and its number, as soon as it is later than `after`; (after, b"") on timeout."""
        # Before the check: a frame that arrives in between is seen, or wakes us.
        self._waiting += 1
        try:
            if self._frames.number <= after:
                await asyncio.wait([self._arrived], timeout=timeout_s)
        finally:
            self._waiting -= 1
        if self._frames.number <= after:
            return after, b""
        return await self._loop.run_in_executor(self._encoder, self._frames.jpeg)

    def close(self) -> None:
        """Stop listening."""
        self._frames.forget(self._wake)
        self._encoder.shutdown(wait=False)

    def _wake(self) -> None:
        # Called in the thread that renders: nothing to do while nobody waits.
        if self._waiting:
            self._loop.call_soon_threadsafe(self._resolve)

    def _resolve(self) -> None:
        arrived, self._arrived = self._arrived, self._loop.create_future()
        arrived.set_result(None)
