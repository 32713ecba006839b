"""Forged renderers at the ZeroMQ ports: nothing of them is heard, and they cost little.

python -m bench.reliability.peers                        # 60 of them, for 20 s
python -m bench.reliability.peers --count 10 --seconds 3
"""

import argparse
import tempfile
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import zmq

from bench.live import free_pair
from bench.reliability.running import Running, running, wait
from renderer.ipc import keys, messages
from server.link.keyring import Keyring


class Forger:
    """A peer without a key, or with one that nobody gave out; it listens, and answers for the renderer."""

    def __init__(self, context: "zmq.Context[zmq.Socket[bytes]]", port: int, known: keys.LinkKeys | None) -> None:
        self._ear, self._mouth = context.socket(zmq.SUB), context.socket(zmq.PUSH)
        for socket in (self._ear, self._mouth) if known else ():
            assert known is not None
            known.secure(socket)
        self._ear.connect(f"tcp://127.0.0.1:{port}")
        self._mouth.connect(f"tcp://127.0.0.1:{port + 1}")
        self._ear.subscribe(b"")

    def turn(self, number: int) -> int:
        """Send a hello and a forged reply, and count what was heard."""
        for topic, fields in (
            ("hello", {"name": "forged"}),
            ("reply", {"id": number, "replies": [["/image/file", "/x"]]}),
        ):
            with suppress(zmq.Again):
                self._mouth.send_multipart(messages.encode(topic, fields), zmq.NOBLOCK)
        heard = 0
        while self._ear.poll(0):
            self._ear.recv_multipart()
            heard += 1
        return heard


def _shows(server: Running) -> bool:
    """Whether the true renderer answers."""
    return server.ask("/image/status")[0].address == "/image/status.reply"


def main() -> None:
    """Parse the flags, forge, print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=60, help="peers (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=20.0, help="for so long (default: %(default)s)")
    options, port = parser.parse_args(), free_pair()
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder), "--image-port", port, "--load", "fluid") as server,
    ):
        server.until_loaded("fluid")
        wait(lambda: _shows(server), "no renderer answers")
        public, secret = keys.pair()
        stolen = replace(Keyring(Path(folder) / "keys").new(), public=public, secret=secret)
        with zmq.Context() as context:
            context.linger = 0
            forgers = [Forger(context, port, stolen if number % 2 else None) for number in range(options.count)]
            before_mb, heard, right, asked = server.memory_mb(), 0, 0, 0
            end_s = time.monotonic() + options.seconds
            while time.monotonic() < end_s:
                heard += sum(forger.turn(number) for number, forger in enumerate(forgers))
                right, asked = right + _shows(server), asked + 1
            grown_mb = server.memory_mb() - before_mb
            context.destroy(linger=0)
        lines = len(server.log.read_text(errors="replace").splitlines())
        print(f"{options.count} forged peers for {options.seconds:g} s: {heard} messages of the server reached them")
        print(f"{right} of {asked} commands were answered by the true renderer")
        print(f"memory {grown_mb:+.1f} MB; log {lines} lines")


if __name__ == "__main__":
    main()
