"""Frames for one event loop: wakes those who wait, and encodes beside the loop, only while somebody does."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from renderer.web.frames import Frames


class FrameFeed:
    """The newest JPEG as a coroutine. Made and used on a running loop, except for what `Frames` calls."""

    def __init__(self, frames: Frames) -> None:
        self._frames = frames
        self._loop = asyncio.get_running_loop()
        self._came: asyncio.Future[None] = self._loop.create_future()
        self._waiting = 0
        self._encoder = ThreadPoolExecutor(1, "page-jpeg")
        frames.listen(self._wake)

    async def newer(self, after: int, timeout_s: float) -> tuple[int, bytes]:
        """The newest JPEG and its number, as soon as it is later than `after`; (after, b"") when time is up."""
        # Told before the look: a picture that comes in between is seen or wakes us.
        self._waiting += 1
        try:
            if self._frames.number <= after:
                await asyncio.wait([self._came], timeout=timeout_s)
        finally:
            self._waiting -= 1
        if self._frames.number <= after:
            return after, b""
        return await self._loop.run_in_executor(self._encoder, self._frames.jpeg)

    def close(self) -> None:
        """Listen no more."""
        self._frames.forget(self._wake)
        self._encoder.shutdown(wait=False)

    def _wake(self) -> None:
        # The painter's thread: nothing to do where nobody looks.
        if self._waiting:
            self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        came, self._came = self._came, self._loop.create_future()
        came.set_result(None)
