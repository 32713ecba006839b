"""A line between two programs, of TCP: it delays, stalls, is cut, and breaks."""

import asyncio
import random
import threading

# When each is due, and what it is.
_Pieces = asyncio.Queue[tuple[float, bytes]]


class Relay:
    """Listens on a free port, and passes everything on to another one of this machine.

    Lost packets of TCP are not lost for programs: what follows waits until they were sent again. So `loss` is the share
    of pieces that wait for `delay_s` once more, and 0.2 s.
    """

    def __init__(
        self, port: int, delay_s: float = 0.0, loss: float = 0.0, bytes_per_s: float | None = None, listen: int = 0
    ) -> None:
        """Start listening.

        Args:
            port: where to pass everything on to.
            delay_s: of one direction.
            loss: see above.
            bytes_per_s: how much fits through each direction; None: everything.
            listen: on which port; 0: any free one.

        Raises:
            OSError: it is taken.
        """
        self.delay_s, self.loss, self.bytes_per_s = delay_s, loss, bytes_per_s
        self.bytes = 0
        self._target, self._listen, self._random = port, listen, random.Random(1)
        self._error: OSError | None = None
        self._loop, self._ready = asyncio.new_event_loop(), threading.Event()
        self._open = asyncio.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: list[asyncio.Future[None]] = []
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),), daemon=True)
        self._thread.start()
        assert self._ready.wait(10)
        if self._error:
            raise self._error

    def cut(self) -> None:
        """Let nothing through, without a word to either side, as a broken cable."""
        self._loop.call_soon_threadsafe(self._open.clear)

    def mend(self) -> None:
        """Let everything through again; what was written meanwhile too."""
        self._loop.call_soon_threadsafe(self._open.set)

    def reset(self) -> None:
        """End all connections at once."""
        self._loop.call_soon_threadsafe(self._abort)

    def close(self) -> None:
        """End it."""
        self.reset()
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(5)

    def _abort(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _run(self) -> None:
        self._ended = asyncio.Event()
        self._open.set()
        try:
            server = await asyncio.start_server(self._connected, "127.0.0.1", self._listen)
        except OSError as error:
            self._error = error
            self._ready.set()
            return
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._ended.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        # Time for them to end.
        await asyncio.sleep(0.05)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._open.wait()
        try:
            there = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            return writer.transport.abort()
        self._writers |= {writer, there[1]}
        ends = [asyncio.ensure_future(one) for one in (self._pass(reader, there[1]), self._pass(there[0], writer))]
        self._tasks += ends
        await asyncio.wait(ends)
        self._writers -= {writer, there[1]}

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # No more than this is under way, as in the buffers of a line.
        pieces: _Pieces = asyncio.Queue(256)
        await asyncio.gather(self._read(reader, pieces), self._write(pieces, writer))

    async def _read(self, reader: asyncio.StreamReader, pieces: _Pieces) -> None:
        while True:
            try:
                data = await reader.read(16384)
            except OSError:
                data = b""
            await pieces.put((self._loop.time() + self.delay_s, data))
            if not data:
                return

    async def _write(self, pieces: _Pieces, writer: asyncio.StreamWriter) -> None:
        while True:
            due, data = await pieces.get()
            if self._random.random() < self.loss:
                due += self.delay_s + 0.2
            await asyncio.sleep(max(0.0, due - self._loop.time()))
            await self._open.wait()
            if self.bytes_per_s:
                await asyncio.sleep(len(data) / self.bytes_per_s)
            if not data or writer.transport.is_closing():
                writer.close()
                return
            self.bytes += len(data)
            try:
                writer.write(data)
                await writer.drain()
            except OSError:
                # The reader's end follows.
                pass
