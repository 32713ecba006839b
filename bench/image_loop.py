"""The loop of pictures and sounds for minutes, with a real server and renderer: it neither dies nor runs away.

    python -m bench.image_loop                          # 3 minutes
    python -m bench.image_loop --minutes 10 --amount 1

The client plays at the pace of a clock, as a patch does.
"""

import argparse
import socket
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

from bench.reliability.running import Running, running, wait
from core.audio.loudness import loudness_lufs
from server.osc.packet import MAX_DATAGRAM, Message, decode, encode

_TARGET, _READ_S, _PIECE_S = "loop", 10.0, 10.0
# From one position that is reported to the next.
_REPORT_S = 0.05
# A piece below this is silence; a round below this motion shows still pictures.
_SILENT_LUFS, _STILL = -60.0, 0.01


@dataclass
class Listener:
    """A client that plays a loop.

    Attributes:
        rounds: part, motion, drive, temperature of each.
        waves: segments.
        late_s: how long the sound was missing, in all.
        memory_mb: of server and renderer, now and then.
    """

    server: Running
    rounds: list[tuple[float, ...]] = field(default_factory=list)
    waves: list[np.ndarray] = field(default_factory=list)
    late_s: float = 0.0
    memory_mb: list[tuple[float, float]] = field(default_factory=list)
    rate: int = 0

    def play(self, seconds: float, amount: float) -> None:
        """Begin a loop, play it for so long, and end it."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as self._socket:
            self._socket.connect(("127.0.0.1", self.server.port))
            self._socket.settimeout(0.1)
            self._send("/sound/image_loop", _TARGET, float(amount))
            while not self.waves:
                self._receive()
            before_s, end_s, read_s = time.monotonic(), time.monotonic() + seconds, 0.0
            position_s, delivered_s = 0.0, sum(map(len, self.waves)) / self.rate
            while (now_s := time.monotonic()) < end_s:
                delivered_s += sum(len(wave) for wave in self._receive()) / self.rate
                if now_s - before_s < _REPORT_S:
                    continue
                self.late_s += max(0.0, position_s + now_s - before_s - delivered_s)
                position_s, before_s = min(position_s + now_s - before_s, delivered_s), now_s
                self._send("/sound/stream_position", _TARGET, position_s)
                if now_s > read_s:
                    self.memory_mb.append((self.server.memory_mb(), resident_mb(self.server.renderer())))
                    read_s = now_s + _READ_S
            self._send("/sound/stream_stop", _TARGET)

    def _send(self, address: str, *args: str | float) -> None:
        self._socket.send(encode(Message(address, args)))

    def _receive(self) -> list[np.ndarray]:
        """Take what comes; the new segments."""
        found: list[np.ndarray] = []
        with suppress(TimeoutError):
            for reply in decode(self._socket.recv(MAX_DATAGRAM)):
                if isinstance(reply, Message):
                    found += self._taken(reply)
        self.waves += found
        return found

    def _taken(self, reply: Message) -> list[np.ndarray]:
        if reply.address == "/fail":
            sys.exit(f"the loop failed: {reply.args[-1]}")
        if reply.address == "/sound/image_looped":
            self.rounds.append(tuple(float(value) for value in reply.args[1:]))
        if reply.address != "/sound/segment":
            return []
        wave, self.rate = soundfile.read(str(reply.args[2]), dtype="float32")
        return [wave]


def resident_mb(pid: int | None) -> float:
    """Resident memory of a process (Linux); nan where there is none."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return float("nan")
    return int(text.partition("VmRSS:")[2].split()[0]) / 1024


def shown(server: Running) -> str:
    """The image model that is shown; "": no renderer answers."""
    reply = server.ask("/image/status")[0]
    return str(reply.args[0]) if reply.address == "/image/status.reply" else ""


def report(listener: Listener) -> list[str]:
    """What was measured, a line each; and what is wrong."""
    wave, rate = np.concatenate(listener.waves), listener.rate
    pieces = [wave[at : at + round(_PIECE_S * rate)] for at in range(0, len(wave) - rate, round(_PIECE_S * rate))]
    loud = np.array([loudness_lufs(piece, rate) for piece in pieces])
    motion, drive, temperature = np.array([each[1:4] for each in listener.rounds]).T
    servers, renderers = np.array(listener.memory_mb).T
    print(f"{len(wave) / rate:.0f} s of sound, {len(motion)} rounds, {listener.late_s:.2f} s of it late")
    print(f"motion {motion.min():.2f} to {motion.max():.2f}, drive {drive.min():.2f} to {drive.max():.2f}, "
          f"temperature {temperature.min():.2f} to {temperature.max():.2f}")  # fmt: skip
    print(f"loudness of {_PIECE_S:.0f} s: {loud.min():.1f} to {loud.max():.1f} LUFS, peak {np.abs(wave).max():.2f}")
    for name, values in (("server", servers), ("renderer", renderers)):
        print(f"memory of the {name}: {' '.join(f'{value:.0f}' for value in values)} MB")
    wrong = [f"a piece is silent: {loud.min():.1f} LUFS"] if loud.min() < _SILENT_LUFS else []
    return wrong + ([f"the pictures stood still: motion {motion[1:].min():.3f}"] if motion[1:].min() < _STILL else [])


def main() -> None:
    """Parse the flags, play, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=3.0, help="how long (default: %(default)s)")
    parser.add_argument("--amount", type=float, default=0.5, help="how much the sound moves (default: %(default)s)")
    parser.add_argument("--model", default="instruments", help="the foley model (default: %(default)s)")
    parser.add_argument("--images", default="patterns", help="the image model (default: %(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), "--image-port", "0") as server:
        wait(lambda: shown(server), "no renderer answers")
        server.ask("/image/load", options.images)
        # On a busy machine the answer may come too late, and the model all the same.
        wait(lambda: shown(server) == options.images, f"{options.images} is not shown")
        if (end := server.ask("/sound/load_foley", options.model)[-1]).address == "/fail":
            sys.exit(str(end.args[-1]))
        listener = Listener(server)
        listener.play(60 * options.minutes, options.amount)
    if wrong := report(listener):
        sys.exit("; ".join(wrong))


if __name__ == "__main__":
    main()
