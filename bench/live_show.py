"""The whole instrument at once: real Pd plays a MIDI file through `hallu_live.pd`, a stream runs, pictures are painted.

The recording is searched for every note of the file. In the middle the server is killed (SIGKILL) and started again:
the patches say so, and go on without a hand.

    python -m bench.live_show [FILE.mid] [--out DIR]
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np
import soundfile

from bench import live_recording
from bench.live import Watcher
from bench.live_patches import LEAD_S, PATCHES, RATE, Patches, opened
from bench.live_recording import Found
from bench.reliability.running import Running, wait
from gansynth import midi
from gansynth.midi import MidiNote

# What the recording must show.
LATEST_S, CENTS, HIGHEST_DB = 0.04, 20.0, -1.0
# Timbres that are in tune and begin at once; the patch would draw random ones.
SEED = 4
_RELEASE_MS = 60
# How long notes sound on after the file.
_TAIL_S = 1.5


@dataclass(frozen=True)
class Part:
    """What a part of the show gave.

    Attributes:
        found: the notes of the file.
        gaps: of the stream.
        peak_db: of all that was heard together.
        fps: pictures a second that the page showed meanwhile; nan: there is none.
    """

    found: list[Found]
    gaps: int
    peak_db: float
    fps: float

    def wrong(self) -> list[str]:
        """What is not as it must be on any machine; empty: all is well."""
        found = [f"{_name(each)} is missing" for each in self.found if np.isnan(each.late_s)]
        found += [
            f"{_name(each)} is {each.cents:+.0f} cents off" for each in self.found if not abs(each.cents) <= CENTS
        ]
        return found + ([f"its peak is {self.peak_db:.1f} dBFS"] if self.peak_db > HIGHEST_DB else [])

    def late(self) -> list[str]:
        """What comes too late, which depends on the machine and on what else it does; empty: all is in time."""
        found = [f"{_name(each)} is {1000 * each.late_s:.0f} ms late" for each in self.found if each.late_s > LATEST_S]
        found += [f"the stream has {self.gaps} gaps"] if self.gaps else []
        return found + (["no pictures are painted"] if self.fps <= 1 else [])

    def line(self) -> str:
        """The figures of a report."""
        late_ms = 1000 * np.array([each.late_s for each in self.found])
        cents = np.abs([each.cents for each in self.found])
        return (
            f"{len(self.found)} notes, onsets {np.median(late_ms):.1f} ms late (the latest {late_ms.max():.1f}),"
            f" pitch within {cents.max():.1f} cents, {self.gaps} gaps, peak {self.peak_db:.1f} dBFS,"
            f" {self.fps:.1f} pictures/s"
        )


def _name(found: Found) -> str:
    return f"note {found.note.pitch} at {found.note.start_s:.2f} s"


def default_notes(count: int, rest_s: float = 0.25, slower: float = 1.0) -> list[MidiNote]:
    """A tune of single notes and some fifths, with rests between them."""
    scale, notes, start_s = (48, 50, 52, 55, 57, 60, 62, 64, 67, 69, 72), list[MidiNote](), 0.0
    for number in range(count):
        pitch, held_s = scale[(5 * number + number // 4) % len(scale)], slower * (0.35, 0.25, 0.5, 0.3)[number % 4]
        chord = [pitch, pitch + 7] if number % 6 == 5 else [pitch]
        notes += [MidiNote(start_s, start_s + held_s, each, 90 + 5 * (number % 5)) for each in chord]
        start_s += held_s + rest_s
    return notes


def write_midi(path: Path, notes: Sequence[MidiNote]) -> Path:
    """A MIDI file of one track at 120 beats a minute."""
    file, track = mido.MidiFile(ticks_per_beat=960), mido.MidiTrack()
    file.tracks.append(track)
    events = [(note.start_s, "note_on", note.pitch, note.velocity) for note in notes]
    events += [(note.end_s, "note_off", note.pitch, 0) for note in notes]
    now = 0
    for at_s, kind, pitch, velocity in sorted(events):
        tick = round(1920 * at_s)
        track.append(mido.Message(kind, note=pitch, velocity=velocity, time=tick - now))
        now = tick
    file.save(path)
    return path


class Show:
    """The server with its renderer, somebody who watches the page, and the patches.

    Attributes:
        server: the one that runs now.
        patches: in Pd.
    """

    def __init__(self, folder: Path, model: str, patches: Patches, pictures: bool = True) -> None:
        self._folder, self.model, self.patches, self._pictures = folder, model, patches, pictures
        self._watcher: Watcher | None = None
        self.server = self._start()

    def _start(self, *flags: object) -> Running:
        pictures = ["--image-port", "0"] if self._pictures else ["--no-image"]
        return Running(self._folder, "--load", self.model, *pictures, *flags)

    def _watch(self) -> None:
        if not self._pictures:
            return

        def pages() -> list[str]:
            status = self.server.ask("/image/status")[0]
            there = status.address == "/image/status.reply" and status.args[0] != "-"
            return [str(status.args[4])] if there and str(status.args[4]).startswith("http") else []

        self._watcher = Watcher(wait(pages, "no pictures came")[0])

    def begin(self) -> None:
        """Wait for the server and its pictures, connect the patches, and start the stream."""
        self.server.until_loaded(self.model)
        self.server.ask("/sound/seed", SEED)
        self.server.ask("/sound/randomize_z", "live-1", "live-2", "live-3", "live-4")
        self._watch()
        self.patches.to("hallu-connect", f"127.0.0.1 {self.server.port}")
        self.patches.wait("hallu_live from done /sound/prepare")
        self.patches.do("hallu_live", "release-set", str(_RELEASE_MS))
        self.patches.do("hallu_stream", "start-button")
        self.patches.wait("hallu_stream stream playing 1")

    def play(self, notes: Sequence[MidiNote], recordings: Path) -> Part:
        """Play the notes of a MIDI file beside the stream, and look at the recording."""
        begun = time.monotonic()
        paths = self.patches.play(notes, notes[-1].end_s + _TAIL_S, recordings)
        fps = self._watcher.fps(begun, time.monotonic()) if self._watcher else float("nan")
        (played, rate), (stream, _) = (soundfile.read(paths[patch]) for patch in PATCHES)
        found = live_recording.notes_in(played, rate, notes, LEAD_S)
        return Part(found, live_recording.gaps(stream, rate), live_recording.peak_db(played, stream), fps)

    def crash(self) -> tuple[float, float]:
        """Kill the server and start it again.

        Returns:
            s until the patches say that it is gone, and from its return until stream and keys play again.

        Raises:
            TimeoutError: they do not.
        """
        port, begun_s = self.server.port, time.monotonic()
        self.server.kill()
        self.patches.wait("hallu_live answer server 0")
        missed_s = time.monotonic() - begun_s
        self.server = self._start("--port", port)
        begun_s = time.monotonic()
        self.patches.wait("hallu_stream stream playing 1", "hallu_live from done /sound/prepare")
        back_s = time.monotonic() - begun_s
        self._watch()
        return missed_s, back_s

    def close(self) -> None:
        """End the server."""
        self.server.kill()


def run(
    folder: Path, notes: Sequence[MidiNote], model: str, *, pictures: bool = True, rate: int = RATE
) -> tuple[Part, Part]:
    """The show, before and after the server is killed; prints the figures."""
    with ExitStack() as stack:
        patches = stack.enter_context(opened(folder / "run", rate))
        show = Show(folder, model, patches, pictures)
        stack.callback(show.close)
        show.begin()
        before = show.play(notes, folder / "before")
        print(f"before: {before.line()}", flush=True)
        missed_s, back_s = show.crash()
        print(f"killed: missed after {missed_s:.1f} s; {back_s:.1f} s after its return the stream plays", flush=True)
        after = show.play(notes, folder / "after")
        print(f"after:  {after.line()}", flush=True)
    return before, after


def main() -> None:
    """Play, and exit with 1 if anything is not as it must be."""
    flags = argparse.ArgumentParser(prog="python -m bench.live_show", description=__doc__)
    flags.add_argument("midi", nargs="?", type=Path, help="a MIDI file (default: a tune of 24 onsets)")
    flags.add_argument("--model", default="fluid", help="(default %(default)s)")
    flags.add_argument("--alone", action="store_true", help="without pictures")
    flags.add_argument("--rate", type=int, default=RATE, help="of Pd, Hz (default %(default)s)")
    flags.add_argument("--out", type=Path, help="keep the recordings in this new folder")
    args = flags.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.out or Path(scratch) / "show"
        folder.mkdir(parents=True)
        path = args.midi or write_midi(folder / "tune.mid", default_notes(24))
        parts = run(folder, midi.read_notes(path), args.model, pictures=not args.alone, rate=args.rate)
    named = zip(("before", "after"), parts, strict=True)
    faults = [f"{when}: {fault}" for when, part in named for fault in (*part.wrong(), *part.late())]
    print("\n".join(faults) or "every note is there")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
