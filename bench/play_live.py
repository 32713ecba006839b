"""Playing live: p50 and p99 of what a musician waits for, alone and with pictures beside.

Each figure is of 200 events (of a model change and of a stream, fewer). Notes are new ones, which no cache has, but for
the repeated ones. With --stream, a stream at full size runs for so many minutes, with pictures, and its underruns are
counted.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from bench import live_parts, live_pd
from bench.live import Watcher
from bench.play import SHIPPED, checkpoint
from server.osc.client import Client
from server.osc.packet import Message

EVENTS = 200
MODEL_CHANGES = 10
STREAM_CHANGES = 20
_GAP_S = 0.05
_RATE = 44100
_WINDOW_S = 0.05
# steps, spacing, start_trim, attack, sustain, release
_SHAPE = (10, 0.2, 0.0, 0.1, 0.4, 0.3)


class Player:
    """A client of a running server.

    Attributes:
        port: the server's.
        pid: of its process.
        pitches: of its model.
    """

    def __init__(self, port: int, pid: int, model: str) -> None:
        self.port, self.pid, self.model = port, pid, model
        self._client = Client("127.0.0.1", port, 120.0)
        loaded, *_ = self.ask("/sound/load", model)
        self.pitches = [int(pitch) for pitch in loaded.args[4:]]
        self.ask("/notify", 0, _RATE)
        self.ask("/sound/randomize_z", "bench", "other")
        self._turn = 0

    def ask(self, *words: Any) -> list[Message]:
        """The replies of a command; a refusal ends the program."""
        replies = list(self._client.ask(*words))
        if replies[-1].address == "/fail":
            sys.exit(f"the server refuses {words[0]}: {replies[-1].args[-1]}")
        return replies

    def pitch(self) -> int:
        """The pitches of the model in turn."""
        self._turn += 1
        return self.pitches[self._turn % len(self.pitches)]

    def first_reply_s(self, *words: Any) -> float:
        """Seconds from a message to its first reply; the others are received too."""
        begun = time.perf_counter()
        replies = self._client.ask(*words)
        next(replies)
        took = time.perf_counter() - begun
        for _ in replies:
            pass
        return took

    def head_s(self) -> float:
        """Of a note that is new."""
        self.ask("/sound/randomize_z", "bench")
        time.sleep(_GAP_S)
        return self.first_reply_s("/sound/note", "n", "bench", self.pitch())

    def repeated_s(self) -> float:
        """Of a note that was played before."""
        time.sleep(_GAP_S)
        return self.first_reply_s("/sound/note", "n", "other", self.pitches[self._turn % 5])

    def new_z_s(self) -> float:
        """From a new point between two timbres to the head of its note."""
        time.sleep(_GAP_S)
        self._turn += 1
        begun = time.perf_counter()
        self.ask("/sound/slerp_z", "bench", "other", "between", self._turn % 997 / 997)
        self.first_reply_s("/sound/note", "n", "between", self.pitch())
        return time.perf_counter() - begun

    def loaded_s(self, models: list[str]) -> float:
        """From loading another model to the head of its first note."""
        self._turn += 1
        begun = time.perf_counter()
        loaded, *_ = self.ask("/sound/load", models[self._turn % len(models)])
        self.ask("/sound/randomize_z", "bench")
        self.first_reply_s("/sound/note", "n", "bench", int(loaded.args[4]))
        return time.perf_counter() - begun

    def memory_mb(self) -> float:
        """Resident memory of the server's process (Linux); nan elsewhere."""
        with suppress(OSError):
            lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
            return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024
        return float("nan")

    def close(self) -> None:
        """Close its socket."""
        self._client.close()


class StreamListener:
    """Plays a stream in real time, and keeps what it receives."""

    def __init__(self, player: Player) -> None:
        self._player = player
        self._client = Client("127.0.0.1", player.port, 30.0)
        self._replies = self._client.ask("/sound/stream", "stream", *_SHAPE, player.pitches[0])
        self._segments: list[tuple[int, str]] = []
        self._begun_s = 0.0
        self.rate, self.underruns = 1, 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        while not self._begun_s:
            time.sleep(0.01)

    @property
    def position_s(self) -> float:
        """Where it plays."""
        return time.perf_counter() - self._begun_s

    def _listen(self) -> None:
        for reply in self._replies:
            if reply.address == "/sound/segment":
                self.rate = int(reply.args[4])
                self._segments = [*self._segments[-100:], (int(reply.args[5]), str(reply.args[2]))]
                self._begun_s = self._begun_s or time.perf_counter()
        self._ended.set()

    def play(self, seconds: float) -> None:
        """Report the position for a while."""
        end = self.position_s + seconds
        while self.position_s < end:
            for reply in self._player.ask("/sound/stream_position", "stream", self.position_s):
                if reply.address == "/sound/underruns":
                    self.underruns = int(reply.args[1])
            time.sleep(0.05)

    def heard_s(self) -> float:
        """From a message that changes the pitch to the moment when it is heard."""
        old, new = self._player.pitches[0], self._player.pitches[0] + 7
        self.play(1.0 + np.random.default_rng().uniform(0, _SHAPE[1]))
        sent_s = self.position_s
        self._player.ask("/sound/stream_set", "stream", "pitch", new)
        self.play(2.0)
        first = self._first_at(new, old, sent_s)
        self._player.ask("/sound/stream_set", "stream", "pitch", old)
        self.play(1.0)
        return first - sent_s

    def _first_at(self, new: int, old: int, since_s: float) -> float:
        """When the new pitch is first louder than the old one."""
        for start, path in self._segments:
            if start / self.rate < since_s - 0.2:
                continue
            wave, _ = soundfile.read(path)
            size = round(_WINDOW_S * self.rate)
            for begin in range(0, len(wave) - size + 1, size // 2):
                part = wave[begin : begin + size] * np.hanning(size)
                if _level(part, new, self.rate) > _level(part, old, self.rate):
                    return (start + begin) / self.rate
        return float("nan")

    def stop(self) -> None:
        """Stop the stream, and play it to its end."""
        self._player.ask("/sound/stream_stop", "stream")
        while not self._ended.wait(0.05):
            self._player.ask("/sound/stream_position", "stream", self.position_s)
        self._client.close()


def _level(part: np.ndarray, pitch: int, rate: int) -> float:
    """The level of a pitch's second and third partial, which GAN notes have more of than their fundamental."""
    hertz = 440.0 * 2.0 ** ((pitch - 69) / 12)
    turns = np.arange(len(part)) / rate
    return sum(abs(np.sum(part * np.exp(-2j * np.pi * number * hertz * turns))) for number in (1, 2, 3))


@contextmanager
def server(scratch: Path, models: list[Path], model: str, pictures: bool) -> Iterator[Player]:
    """A server in a process of its own, with or without a renderer and somebody who watches its page."""
    command = [sys.executable, "-m", "server", "serve", "--port", "0", "--models", *map(str, models)]
    command += ["--spool", str(scratch / "spool"), "--state", str(scratch / "state.npz"), "--image-port", "0"]
    command += [] if pictures else ["--no-image"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout
    try:
        player = Player(int(process.stdout.readline().rpartition(":")[2]), process.pid, model)
        if pictures:
            _watch(player)
        yield player
        player.close()
    finally:
        process.terminate()
        process.wait()


def _watch(player: Player) -> None:
    """Wait for the renderer, and show its page."""
    for _ in range(600):
        with suppress(SystemExit):
            status, *_ = player.ask("/image/status")
            if status.args[0] != "-":
                Watcher(str(status.args[4]))
                time.sleep(3.0)
                return
        time.sleep(0.2)
    sys.exit("no renderer came")


def percentiles(event: Callable[[], float], count: int) -> str:
    """p50 and p99 of an event, ms; two that come before do not count."""
    times = [event() for _ in range(count + 2)][2:]
    return "{:7.1f} {:7.1f}".format(*1000.0 * np.nanpercentile(times, [50, 99]))


def table(scratch: Path, models: list[Path], model: str, pictures: bool, events: int) -> Iterator[str]:
    """The lines of one model's table."""
    with server(scratch, models, model, pictures) as player:
        time.sleep(2.0)
        yield f"note to head                    {percentiles(player.head_s, events)}"
        with live_pd.running(scratch, player.port) as pd:

            def in_pd_s() -> float:
                player.ask("/sound/randomize_z", "pd")
                time.sleep(4 * _GAP_S)
                return pd.note_s("pd", player.pitch())

            yield f"note to sound in Pd             {percentiles(in_pd_s, events)}"
        yield f"repeated note to head           {percentiles(player.repeated_s, events)}"
        yield f"new z to head                   {percentiles(player.new_z_s, events)}"
        listener = StreamListener(player)
        yield f"pitch of a stream to sound      {percentiles(listener.heard_s, min(events, STREAM_CHANGES))}"
        listener.stop()
        yield f"underruns meanwhile             {listener.underruns:7d}"
        others = [model, f"{model}_again"]
        change = percentiles(lambda: player.loaded_s(others), min(events, MODEL_CHANGES))
        yield f"another model to head           {change}"


def long_stream(scratch: Path, models: list[Path], model: str, minutes: float) -> str:
    """Underruns and memory of a long stream, with pictures."""
    with server(scratch, models, model, pictures=True) as player:
        listener = StreamListener(player)
        listener.play(min(30.0, 30.0 * minutes))
        before_mb = player.memory_mb()
        listener.play(60.0 * minutes)
        found = f"{minutes:g} minutes of stream with pictures: {listener.underruns} underruns"
        found += f", memory {before_mb:.0f} -> {player.memory_mb():.0f} MB"
        listener.stop()
    return found


def main() -> None:
    """Measure and print."""
    flags = argparse.ArgumentParser(prog="python -m bench.play_live", description=__doc__)
    flags.add_argument("--events", type=int, default=EVENTS, help="of each kind (default %(default)s)")
    flags.add_argument("--models", nargs="+", default=["fluid", "full"], help="fluid, full (default: both)")
    flags.add_argument("--alone", action="store_true", help="without pictures only")
    flags.add_argument("--parts", action="store_true", help="only what each part of a note's way costs")
    flags.add_argument("--stream", type=float, metavar="MINUTES", help="only a long stream, of each model")
    args = flags.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        full = checkpoint(scratch / "models")
        for source in (SHIPPED, full):
            shutil.copytree(source, full.parent / f"{source.name}_again")
        models = [scratch / "models", SHIPPED.parent.parent]
        if args.parts:
            return live_parts.main([full.parent / f"{name}_again" for name in args.models])
        for model in args.models:
            if args.stream:
                print(f"{model}: {long_stream(scratch, models, model, args.stream)}", flush=True)
                continue
            for pictures in (False, True)[: 1 if args.alone else 2]:
                print(f"\n{model}, {'with pictures beside' if pictures else 'alone'}: ms, p50 and p99")
                for line in table(scratch, models, model, pictures, args.events):
                    print(line, flush=True)


if __name__ == "__main__":
    main()
