"""A line of real packets between two network namespaces of this machine: it delays, loses and is cut (Linux, as root).

Unlike `bench.relay`, TCP itself finds out what was lost, and sends it again.
"""

import ctypes
import fcntl
import heapq
import os
import queue
import random
import select
import struct
import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

Found = TypeVar("Found")

_NEW_NET = 0x40000000
_TUNSETIFF, _TUN_WITHOUT_INFO = 0x400454CA, 0x1001
_MOST_BYTES = 2048
# Of test networks (RFC 5737); nothing outside the two namespaces has them.
HERE, THERE = "192.0.2.1", "192.0.2.2"


class _Side:
    """A thread in a network namespace of its own, whose only way out is a TUN device."""

    def __init__(self, address: str) -> None:
        """Make it.

        Raises:
            OSError: this user may not.
        """
        self._jobs: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = queue.SimpleQueue()
        threading.Thread(target=self._run, daemon=True).start()
        self.device: int = self.do(lambda: _open(address))

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job[1].set_result(job[0]())
            except BaseException as error:
                job[1].set_exception(error)

    def do(self, work: Callable[[], Found]) -> Found:
        """Do something within; what it opens or starts stays there."""
        end: Future[Found] = Future()
        self._jobs.put((work, end))
        return end.result()

    def close(self) -> None:
        """End the thread; the namespace goes with the last program in it."""
        self._jobs.put(None)
        os.close(self.device)


def _open(address: str) -> int:
    if ctypes.CDLL(None, use_errno=True).unshare(_NEW_NET):
        raise OSError(ctypes.get_errno(), "no network namespace can be made")
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH", b"line", _TUN_WITHOUT_INFO))
    for words in ("link set lo up", f"addr add {address}/24 dev line", "link set line up"):
        done = subprocess.run(["ip", *words.split()], capture_output=True, text=True)
        if done.returncode:
            raise OSError(f"ip {words}: {done.stderr.strip()}")
    return device


class PacketLine:
    """Two namespaces and what passes packets between them."""

    def __init__(self, delay_s: float = 0.0, loss: float = 0.0) -> None:
        """Start it.

        Args:
            delay_s: of one direction.
            loss: share of packets that vanish.

        Raises:
            OSError: this user may not, or the system has no such devices.
        """
        self.delay_s, self.loss, self.is_cut = delay_s, loss, False
        self.lost = self.passed = 0
        self._random, self._number = random.Random(1), 0
        self._sides = [_Side(HERE)]
        try:
            self._sides.append(_Side(THERE))
        except OSError:
            self._sides[0].close()
            raise
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def here(self, work: Callable[[], Found]) -> Found:
        """Do something at home."""
        return self._sides[0].do(work)

    def there(self, work: Callable[[], Found]) -> Found:
        """Do something at the other end."""
        return self._sides[1].do(work)

    def close(self) -> None:
        """End it."""
        self._ended.set()
        self._thread.join(5)
        for side in self._sides:
            side.close()

    def _run(self) -> None:
        one, other = (side.device for side in self._sides)
        ways, waiting = {one: other, other: one}, list[tuple[float, int, int, bytes]]()
        while not self._ended.is_set():
            left_s = waiting[0][0] - time.monotonic() if waiting else 0.1
            for device in select.select([one, other], [], [], max(0.0, min(0.1, left_s)))[0]:
                self._take(os.read(device, _MOST_BYTES), ways[device], waiting)
            while waiting and waiting[0][0] <= time.monotonic():
                _, _, device, packet = heapq.heappop(waiting)
                if not self.is_cut:
                    os.write(device, packet)

    def _take(self, packet: bytes, to: int, waiting: list[tuple[float, int, int, bytes]]) -> None:
        if self.is_cut or self._random.random() < self.loss:
            self.lost += 1
            return
        self.passed, self._number = self.passed + 1, self._number + 1
        heapq.heappush(waiting, (time.monotonic() + self.delay_s, self._number, to, packet))
