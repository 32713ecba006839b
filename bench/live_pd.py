"""How long real Pure Data takes from a note message to the first sample that is not zero in its output.

A patch sends `/sound/note`, reads the head that comes back into an array, plays it, and measures with Pd's own clock
when the first sample of its output differs from zero. DSP is on, in real time, without a sound card and its buffer.
"""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

RATE = 44100
# A longer wait is an event that never came.
_PATIENCE_S = 20.0

_PATCH = r"""#N canvas 0 0 600 500 12;
#X obj 20 20 loadbang;
#X msg 20 45 connect 127.0.0.1 {bench};
#X obj 20 70 netsend;
#X msg 200 45 connect 127.0.0.1 {server};
#X obj 200 70 netsend -u -b;
#X obj 200 100 oscparse;
#X obj 200 125 list trim;
#X obj 200 150 route sound;
#X obj 200 175 route head;
#X obj 20 110 route note send;
#X obj 20 140 t b a b;
#X obj 80 170 list prepend send;
#X obj 80 195 list trim;
#X obj 20 170 realtime;
#X obj 200 205 unpack s s f f f;
#X obj 260 235 list prepend read -resize;
#X obj 260 260 list append head;
#X obj 260 285 list trim;
#X obj 260 310 soundfiler;
#X obj 260 340 t b;
#X obj 260 370 tabplay~ head;
#X obj 260 400 abs~;
#X obj 260 425 threshold~ 1e-09 20 1e-10 20;
#X obj 20 425 t b;
#X obj 20 455 list prepend send first;
#X obj 20 480 list trim;
#X obj 400 340 table head 64;
#X obj 400 370 dac~;
#X msg 400 45 \; pd dsp 1;
#X obj 140 235 oscformat sound note;
#X obj 140 260 list prepend send;
#X obj 140 285 list trim;
#X obj 140 210 list;
#X connect 0 0 1 0;
#X connect 0 0 3 0;
#X connect 0 0 28 0;
#X connect 1 0 2 0;
#X connect 2 1 9 0;
#X connect 3 0 4 0;
#X connect 4 1 5 0;
#X connect 5 0 6 0;
#X connect 6 0 7 0;
#X connect 7 0 8 0;
#X connect 8 0 14 0;
#X connect 9 0 10 0;
#X connect 9 1 11 0;
#X connect 10 1 32 0;
#X connect 32 0 29 0;
#X connect 10 2 13 0;
#X connect 11 0 12 0;
#X connect 12 0 4 0;
#X connect 13 0 24 0;
#X connect 14 1 15 0;
#X connect 15 0 16 0;
#X connect 16 0 17 0;
#X connect 17 0 18 0;
#X connect 18 0 19 0;
#X connect 19 0 20 0;
#X connect 20 0 21 0;
#X connect 20 0 27 0;
#X connect 21 0 22 0;
#X connect 22 0 23 0;
#X connect 23 0 13 1;
#X connect 24 0 25 0;
#X connect 25 0 2 0;
#X connect 29 0 30 0;
#X connect 30 0 31 0;
#X connect 31 0 4 0;
"""


class Pd:
    """A running Pd that plays notes."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._bytes = b""
        link.settimeout(_PATIENCE_S)

    def note_s(self, slot: str, pitch: int) -> float:
        """Play a note; seconds from its message to its first sample that is not zero."""
        self._link.sendall(f"note pd {slot} {pitch};\n".encode())
        while b";" not in self._bytes:
            self._bytes += self._link.recv(4096)
        line, _, self._bytes = self._bytes.partition(b";")
        return float(line.split()[-1]) / 1000.0


@contextmanager
def running(folder: Path, server: int) -> Iterator[Pd]:
    """A Pd that plays the server on this port; it ends with the block."""
    program = shutil.which("pd")
    if program is None:
        raise OSError("Pure Data (pd) is not installed")
    with socket.create_server(("127.0.0.1", 0)) as door:
        patch = folder / "bench.pd"
        patch.write_text(_PATCH.format(bench=door.getsockname()[1], server=server))
        process = subprocess.Popen([program, "-nogui", "-noaudio", "-r", str(RATE), str(patch)])
        try:
            door.settimeout(_PATIENCE_S)
            link, _ = door.accept()
            time.sleep(0.5)
            yield Pd(link)
        finally:
            process.terminate()
            process.wait()
