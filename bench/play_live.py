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
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from bench import live_parts, live_pd
from bench.live import Watcher
from bench.live_player import EditedStreams, Player, StreamListener
from bench.play import SHIPPED, checkpoint

EVENTS = 200
MODEL_CHANGES = 10
STREAM_CHANGES = 20


@contextmanager
def server(scratch: Path, models: list[Path], model: str, pictures: bool) -> Iterator[Player]:
    """A server in a process of its own, with or without a renderer and somebody who watches its page."""
    command = [sys.executable, "-m", "server", "serve", "--tied", "--port", "0", "--models", *map(str, models)]
    command += ["--spool", str(scratch / "spool"), "--state", str(scratch / "state.npz"), "--image-port", "0"]
    command += [] if pictures else ["--no-image"]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
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
                time.sleep(0.2)
                return pd.note_s("pd", player.pitch())

            yield f"note to sound in Pd             {percentiles(in_pd_s, events)}"
        yield f"beside a hallucination, to head {percentiles(player.head_beside_s, events)}"
        yield f"repeated note to head           {percentiles(player.repeated_s, events)}"
        yield f"new z to head                   {percentiles(player.new_z_s, events)}"
        listener = StreamListener(player)
        yield f"pitch of a stream to sound      {percentiles(listener.heard_s, min(events, STREAM_CHANGES))}"
        listener.stop()
        yield f"underruns meanwhile             {listener.underruns:7d}"
        if list((SHIPPED.parent / model).glob("*.npz")):
            edited = EditedStreams(player)
            yield f"edits of a stream to sound      {percentiles(edited.heard_s, min(events, STREAM_CHANGES))}"
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
