"""A real Pure Data, headless, driven over a socket: what the tests of pd/ share.

A probe patch connects to the test by TCP. It hands messages to receivers by name, sends back what arrives at `report`,
and writes arrays to 32-bit WAV files, because text would round them.
"""

import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soundfile
from parts import need_program
from waiting import PATIENCE_S

PD = Path(__file__).resolve().parent.parent / "pd"

Atoms = list[str | float]

PROBE = r"""#N canvas 0 0 500 400 12;
#X obj 20 20 loadbang;
#X msg 20 50 connect 127.0.0.1 {port};
#X obj 20 100 netsend;
#X obj 150 130 route to write size;
#X obj 150 160 list split 1;
#X obj 230 200 list trim;
#X obj 230 240 send;
#X obj 320 160 list prepend write -wave -bytes 4;
#X obj 320 190 soundfiler;
#X obj 320 220 list prepend send report written;
#X obj 320 250 list trim;
#X obj 20 300 r report;
#X obj 20 330 list prepend send;
#X obj 20 360 list trim;
#X obj 420 160 array size;
#X obj 420 200 list prepend send report size;
#X obj 420 230 list trim;
#X obj 480 160 t b s;
#X obj 150 145 t a a;
#X obj 230 160 list split 1;
#N canvas 0 0 300 300 listener 0;
#X restore 20 400 pd listener;
#X obj 480 130 list;
#X obj 320 175 list trim;
#X connect 0 0 1 0;
#X connect 1 0 2 0;
#X connect 2 1 3 0;
#X connect 3 0 18 0;
#X connect 18 1 4 0;
#X connect 18 0 19 0;
#X connect 19 1 5 0;
#X connect 3 1 7 0;
#X connect 3 2 21 0;
#X connect 21 0 17 0;
#X connect 4 0 6 1;
#X connect 5 0 6 0;
#X connect 7 0 22 0;
#X connect 22 0 8 0;
#X connect 8 0 9 0;
#X connect 9 0 10 0;
#X connect 10 0 2 0;
#X connect 11 0 12 0;
#X connect 12 0 13 0;
#X connect 13 0 2 0;
#X connect 14 0 15 0;
#X connect 15 0 16 0;
#X connect 16 0 2 0;
#X connect 17 0 14 0;
#X connect 17 1 14 1;
"""


def atoms(text: str) -> Atoms:
    """The atoms of one FUDI message; numbers become floats."""
    words = [re.sub(r"\\(.)", r"\1", word) for word in re.findall(r"(?:\\.|[^\s\\])+", text)]
    return [float(word) if re.fullmatch(r"-?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", word) else word for word in words]


def escaped(word: object) -> str:
    """One atom as FUDI text: blanks, commas and semicolons within it stay."""
    return re.sub(r"([\\ ,;])", r"\\\1", str(word))


def with_object(creation: str, inlet: int = 0, outlets: int = 1, signals: int = 0, arrays: tuple[str, ...] = ()) -> str:
    """A patch around one object: messages for `in` enter it, and what outlet k says is reported as `k ...`.

    The first `signals` outlets are recorded instead: `record open -bytes 4 FILE`, `record start`, `record stop`.
    """
    lines = [
        "#N canvas 0 0 500 400 12;",
        "#X obj 20 20 r in;",
        f"#X obj 20 60 {creation};",
        f"#X connect 0 0 1 {inlet};",
    ]
    count = 2
    for outlet in range(outlets):
        if outlet < signals:
            lines += ["#X obj 20 100 writesf~;", "#X obj 120 80 r record;"]
            lines += [f"#X connect 1 {outlet} {count} 0;", f"#X connect {count + 1} 0 {count} 0;"]
        else:
            lines += [f"#X obj 20 100 list prepend {outlet};", "#X obj 20 130 s report;"]
            lines += [f"#X connect 1 {outlet} {count} 0;", f"#X connect {count} 0 {count + 1} 0;"]
        count += 2
    lines += [f"#X obj 300 {20 + 30 * row} table {name} 7;" for row, name in enumerate(arrays)]
    return "\n".join(lines) + "\n"


class Pd:
    """A running Pd with the probe connected. `log` is what it printed."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes], link: socket.socket) -> None:
        self._folder = folder
        self._process = process
        self._link = link
        self._bytes = b""
        self._written = 0
        self._listened = 0
        self.heard: list[Atoms] = []

    @property
    def log(self) -> str:
        """Everything Pd has printed so far."""
        return (self._folder / "pd.log").read_text(errors="replace")

    def errors(self) -> list[str]:
        """The lines of the log that complain."""
        return [line for line in self.log.splitlines() if re.search(r"error|couldn't|no such|failed|no method", line)]

    def to(self, receiver: str, message: str) -> None:
        """Send a message (FUDI text) to a receiver or an array by name."""
        self._link.sendall(f"to {escaped(receiver)} {message};\n".encode())

    def say(self, message: str) -> None:
        """Send a message into the object that `with_object` made."""
        self.to("in", message)

    def wait(self, *words: object, patience_s: float = PATIENCE_S) -> Atoms:
        """The rest of the next message that begins with these atoms; those before it stay in `heard`.

        Raises:
            AssertionError: none came in time.
        """
        start = [float(word) if isinstance(word, int | float) else word for word in words]
        deadline = time.monotonic() + patience_s
        while (message := self._next(deadline)) is not None:
            self.heard.append(message)
            if message[: len(start)] == start:
                return message[len(start) :]
        raise AssertionError(f"Pd did not say {words} in {patience_s} s; it said {self.heard}\n{self.log}")

    def ask(self, message: str, *words: object) -> Atoms:
        """Say a message and wait for a reply at the first outlet."""
        self.say(message)
        return self.wait(0, *words)

    def press(self, button: str) -> None:
        """A click on a button, by its receive name."""
        self.to(button, "bang")

    def listen(self, receiver: str) -> None:
        """From now on, what is sent to this receiver is reported with its name in front."""
        for box in (f"r {receiver}", f"list prepend {receiver}", "s report"):
            self.to("pd-listener", f"obj 10 10 {box}")
        for box in (self._listened, self._listened + 1):
            self.to("pd-listener", f"connect {box} 0 {box + 1} 0")
        self._listened += 3

    def number_of(self, array: str) -> int:
        """The $0 of the patch that holds `$0-ARRAY`."""
        return next(number for number in range(1000, 1200) if self.size(f"{number}-{array}"))

    @contextmanager
    def recording(self) -> Iterator[Path]:
        """Record what the first outlet of `with_object` sounds, into the WAV file yielded, while the block lasts."""
        path = self._folder / "record.wav"
        self.to("pd", "dsp 1")
        self.to("record", f"open -bytes 4 {escaped(path)}")
        self.to("record", "start")
        yield path
        self.to("record", "stop")
        deadline = time.monotonic() + PATIENCE_S
        while not (path.exists() and soundfile.info(path).frames) and time.monotonic() < deadline:
            time.sleep(0.02)

    def array(self, name: str) -> np.ndarray:
        """The content of an array, float32, bit by bit."""
        self._written += 1
        path = self._folder / f"array{self._written}.wav"
        self._link.sendall(f"write {escaped(path)} {escaped(name)};\n".encode())
        self.wait("report", "written")
        return soundfile.read(path, dtype="float32")[0]

    def size(self, name: str) -> int:
        """How many values an array has; 0: there is none."""
        self._link.sendall(f"size {escaped(name)};\nto report checked;\n".encode())
        while (message := self._next(time.monotonic() + PATIENCE_S)) not in (None, ["checked"]):
            self.heard.append(message)
            if message[:2] == ["report", "size"]:
                self.wait("checked")
                return int(message[2])
        return 0

    def _next(self, deadline: float) -> Atoms | None:
        while b";\n" not in self._bytes:
            left = deadline - time.monotonic()
            if left <= 0 or self._process.poll() is not None:
                return None
            self._link.settimeout(left)
            try:
                more = self._link.recv(65536)
            except TimeoutError:
                return None
            if not more:
                return None
            self._bytes += more
        line, self._bytes = self._bytes.split(b";\n", 1)
        return atoms(line.decode(errors="replace"))


@contextmanager
def pd_running(
    folder: Path, *patches: str | Path, paths: tuple[Path, ...] = (PD,), rate: int = 44100, send: str = ""
) -> Iterator[Pd]:
    """Pd with these patches open (a file, or the text of one), until the end of the block.

    `send` is a message that Pd sends when they are open, as with `pd -send`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for count, patch in enumerate(patches):
        if isinstance(patch, str):
            (folder / f"patch{count}.pd").write_text(patch)
        files.append(folder / f"patch{count}.pd" if isinstance(patch, str) else patch)
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.settimeout(PATIENCE_S)
        (folder / "probe.pd").write_text(PROBE.format(port=door.getsockname()[1]))
        search = [word for path in paths for word in ("-path", str(path))]
        command = [need_program("pd"), "-nogui", "-noaudio", "-nomidi", "-stderr", "-noprefs", "-r", str(rate)]
        command += [*search, *(["-send", send] if send else []), *map(str, files), str(folder / "probe.pd")]
        with (folder / "pd.log").open("wb") as log:
            process = subprocess.Popen(command, stderr=log, stdout=log)
        try:
            with door.accept()[0] as link:
                yield Pd(folder, process, link)
        finally:
            process.kill()
            process.wait()
