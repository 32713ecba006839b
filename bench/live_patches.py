"""`hallu_live.pd` and `hallu_stream.pd` in a real Pd without a window, and a MIDI file that plays them.

The patches are copies in which what reaches the loudspeakers is also recorded, each in a WAV file of its own; both
recordings begin with the first event of the MIDI file, in the same block of samples.
"""

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from core.files.user_folders import shipped
from gansynth.midi import MidiNote

RATE = 44100
PATCHES = ("hallu_live", "hallu_stream")
# Silence in the recording before the MIDI file begins, and how long is waited for anything.
LEAD_S = 0.5
PATIENCE_S = 60.0
# What is reported when something that was asked for fails.
_FAILED = re.compile(r"\S+ (answer failed|from fail) ")

_TEE = r"""#N canvas 0 0 300 200 12;
#X obj 20 20 inlet~;
#X obj 150 20 inlet~;
#X obj 20 60 writesf~;
#X obj 150 60 r record;
#X obj 150 90 r record-\$1;
#X obj 20 120 dac~;
#X connect 0 0 2 0;
#X connect 3 0 2 0;
#X connect 4 0 2 0;
#X connect 0 0 5 0;
#X connect 1 0 5 1;
"""

# In each patch: what the bar's client and its own say is reported; `do NAME RECEIVER ...` reaches its receivers.
_PROBE = r"""#N canvas 0 0 300 300 probe 0;
#X obj 20 20 r \$0-answer;
#X obj 20 50 list prepend {name} answer;
#X obj 20 80 list trim;
#X obj 20 110 s show-report;
#X obj 150 20 r \$0-from;
#X obj 150 50 list prepend {name} from;
#X obj 150 80 list trim;
#X obj 280 20 r \$0-stream-says;
#X obj 280 50 list prepend {name} stream;
#X obj 280 80 list trim;
#X obj 20 150 r show-{name};
#X obj 20 180 list split 1;
#X obj 120 210 list trim;
#X obj 20 210 makefilename \$0-%s;
#X obj 120 240 send;
#X obj 60 165 t a a;
#X obj 120 180 list split 1;
#X connect 0 0 1 0;
#X connect 1 0 2 0;
#X connect 2 0 3 0;
#X connect 4 0 5 0;
#X connect 5 0 6 0;
#X connect 6 0 3 0;
#X connect 7 0 8 0;
#X connect 8 0 9 0;
#X connect 9 0 3 0;
#X connect 10 0 15 0;
#X connect 15 1 11 0;
#X connect 11 0 13 0;
#X connect 13 0 14 1;
#X connect 15 0 16 0;
#X connect 16 1 12 0;
#X connect 12 0 14 0;
#X restore 0 0 pd probe;
"""

_DRIVER = r"""#N canvas 0 0 500 400 12;
#X obj 20 20 loadbang;
#X msg 20 50 connect 127.0.0.1 {port};
#X obj 20 100 netsend;
#X obj 150 130 list trim;
#X obj 150 160 route play;
#X obj 300 190 list split 1;
#X obj 400 220 list trim;
#X obj 300 220 symbol;
#X obj 400 250 send;
#X msg 150 220 read \$1 \, rewind \, bang;
#X obj 150 250 qlist;
#X msg 150 280 send played;
#X obj 20 330 r show-report;
#X obj 20 360 list prepend send;
#X obj 20 390 list trim;
#X obj 350 165 t a a;
#X obj 400 190 list split 1;
#X obj 150 190 list;
#X connect 0 0 1 0;
#X connect 1 0 2 0;
#X connect 2 1 3 0;
#X connect 3 0 4 0;
#X connect 4 0 17 0;
#X connect 17 0 9 0;
#X connect 9 0 10 0;
#X connect 10 1 11 0;
#X connect 11 0 2 0;
#X connect 4 1 15 0;
#X connect 15 1 5 0;
#X connect 5 0 7 0;
#X connect 15 0 16 0;
#X connect 16 1 6 0;
#X connect 7 0 8 1;
#X connect 6 0 8 0;
#X connect 12 0 13 0;
#X connect 13 0 14 0;
#X connect 14 0 2 0;
"""


class Patches:
    """The two patches in a running Pd."""

    def __init__(self, folder: Path, process: "subprocess.Popen[bytes]", link: socket.socket, rate: int) -> None:
        self._folder, self._process, self._link, self._rate = folder, process, link, rate
        self._bytes = b""
        link.settimeout(0.05)

    @property
    def pid(self) -> int:
        """Of Pd's process."""
        return self._process.pid

    def to(self, receiver: str, message: str) -> None:
        """Send a message to a receiver of all patches."""
        self._link.sendall(f"{receiver} {message};\n".encode())

    def do(self, patch: str, receiver: str, message: str = "bang") -> None:
        """Send a message to a receiver of one patch, named without its `$0-`."""
        self.to(f"show-{patch}", f"{receiver} {message}")

    def wait(self, *starts: str, patience_s: float = PATIENCE_S) -> None:
        """Wait for reports that begin with these words, in whatever order; those between them are left out.

        Raises:
            TimeoutError: they did not come in time.
        """
        missing, end_s = set(starts), time.monotonic() + patience_s
        failed: list[str] = []
        while time.monotonic() < end_s:
            for line in self._lines():
                failed += [line] if _FAILED.match(line) else []
                missing = {start for start in missing if not f"{line} ".startswith(f"{start} ")}
                if not missing:
                    return
        raise TimeoutError(f"Pd did not report {sorted(missing)} in {patience_s:g} s; what failed: {failed}")

    def play(self, notes: Sequence[MidiNote], seconds: float, recordings: Path) -> dict[str, Path]:
        """Play notes as MIDI for so long; returns the recording of each patch.

        Raises:
            TimeoutError: Pd does not play them.
        """
        recordings.mkdir(parents=True)
        paths = {patch: recordings / f"{patch}.wav" for patch in PATCHES}
        for patch, path in paths.items():
            self.to(f"record-{patch}", f"open -bytes 4 {path}")
        score = recordings / "score.txt"
        score.write_text(_score(notes, seconds))
        self.to("play", str(score))
        self.wait("played", patience_s=seconds + PATIENCE_S)
        self._closed(paths.values())
        return paths

    @contextmanager
    def recording(self, name: str, path: Path, seconds: float) -> Iterator[None]:
        """Record what leaves a patch from the beginning of the block until so long after its end.

        Raises:
            TimeoutError: Pd does not play.
        """
        self.to(f"record-{name}", f"open -bytes 4 {path}")
        self.to(f"record-{name}", "start")
        yield
        # Pd's time, which passes more slowly than ours on a busy machine.
        end_s = time.monotonic() + 10 * seconds + PATIENCE_S
        size = 4 * seconds * self._rate + _size(path)
        while _size(path) < size:
            if time.monotonic() > end_s:
                raise TimeoutError(f"Pd recorded less than {seconds:g} s into {path}")
            time.sleep(0.1)
        self.to(f"record-{name}", "stop")
        self._closed([path])

    def _lines(self) -> Iterator[str]:
        """The reports that are there; those that are not taken come again."""
        while b";\n" not in self._bytes:
            try:
                more = self._link.recv(65536)
            except TimeoutError:
                return
            if not more:
                raise TimeoutError("Pd has ended")
            self._bytes += more
        while b";\n" in self._bytes:
            line, self._bytes = self._bytes.split(b";\n", 1)
            yield line.decode()

    @staticmethod
    def _closed(paths: Collection[Path]) -> None:
        """Wait until files do not grow any more."""
        before: list[int] = []
        while (sizes := [path.stat().st_size for path in paths]) != before:
            time.sleep(0.5)
            before = sizes


def _size(path: Path) -> int:
    """Bytes of a recording; 0 before Pd has begun it."""
    return path.stat().st_size if path.exists() else 0


def _score(notes: Sequence[MidiNote], seconds: float) -> str:
    """A text for `qlist`: the recording starts, all notes begin and end, the recording stops."""
    events = [(LEAD_S + note.start_s, f"#notein {note.pitch} {note.velocity} 1") for note in notes]
    events += [(LEAD_S + note.end_s, f"#notein {note.pitch} 0 1") for note in notes]
    lines, now_s = ["record start;"], 0.0
    for at_s, event in [*sorted(events), (LEAD_S + seconds, "record stop")]:
        lines.append(f"{1000 * (at_s - now_s):.3f} {event};")
        now_s = at_s
    return "\n".join(lines) + "\n"


def _copies(folder: Path, patches: Sequence[str], own: Mapping[str, str]) -> list[Path]:
    """The patches with recorders and probes; what they have `[hallu-listen~]` for is recorded by that name."""
    folder.mkdir(parents=True)
    files = [path for where in (shipped("pd"), shipped("pd") / "compat") for path in where.glob("*.pd")]
    for name, text in {**{path.stem: path.read_text() for path in files}, **own}.items():
        if name in (*patches, "hallu-listen~"):
            text = re.sub(r"(#X obj \d+ \d+) dac~;", rf"\1 tee~ {name};", text)
        if name in patches:
            text += _PROBE.format(name=name)
        (folder / f"{name}.pd").write_text(text)
    (folder / "tee~.pd").write_text(_TEE)
    return [folder / f"{patch}.pd" for patch in patches]


@contextmanager
def opened(
    folder: Path, rate: int = RATE, patches: Sequence[str] = PATCHES, own: Mapping[str, str] | None = None
) -> Iterator[Patches]:
    """Patches, by their names without .pd, open, with DSP on, until the end of the block.

    Args:
        folder: new; gets the copies.
        rate: of Pd, in Hz.
        patches: those that are opened.
        own: texts of patches that do not ship, by their names.

    Raises:
        OSError: Pd is not installed.
    """
    program = shutil.which("pd")
    if program is None:
        raise OSError("Pure Data (pd) is not installed")
    files = _copies(folder / "pd", patches, own or {})
    with socket.create_server(("127.0.0.1", 0)) as door:
        (folder / "driver.pd").write_text(_DRIVER.format(port=door.getsockname()[1]))
        command = [program, "-nogui", "-noaudio", "-nomidi", "-noprefs", "-stderr", "-r", str(rate)]
        with (folder / "pd.log").open("wb") as log:
            process = subprocess.Popen([*command, *map(str, files), str(folder / "driver.pd")], stderr=log, stdout=log)
        try:
            door.settimeout(PATIENCE_S)
            with door.accept()[0] as link:
                running = Patches(folder, process, link, rate)
                running.to("pd", "dsp 1")
                yield running
        finally:
            process.kill()
            process.wait()
