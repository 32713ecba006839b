"""Pictures that are kept, as files in one folder: snapshots and recordings."""

import io
import itertools
import logging
import re
import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from core.files import atomic
from renderer.live.audio_track import AudioTrack
from renderer.live.transport import Transport
from renderer.video.mp4 import Mp4
from renderer.web.frames import Frames

log = logging.getLogger(__name__)

RATE = 30
# Of a recording that is begun before anything can be heard.
_SOUND_RATE = 48_000
# Pictures that an encoder may be behind; of more, the oldest are left out.
_MOST_WAITING = 60
_PLAIN = re.compile(r"\w[\w .+@=,()-]{0,99}")
_PATIENCE_S = 30.0


def place(folder: Path, name: str | None, suffix: str) -> Path:
    """A file that is not there yet: NAME.suffix in the folder, or NAME-2.suffix and so on; None: named by the clock.

    Raises:
        ValueError: the name is no plain one, or ends in another suffix.
    """
    name = datetime.now().strftime("hallu-%Y%m%d-%H%M%S") if name is None else name
    if not isinstance(name, str) or not _PLAIN.fullmatch(name) or name.endswith((".", " ")):
        raise ValueError(f"a file's name must be plain, of letters, digits, spaces and -_.+, not {name!r:.60}")
    stem, ending = (name, "") if Path(name).suffix == "" else (Path(name).stem, Path(name).suffix)
    if ending.lower() not in ("", suffix):
        raise ValueError(f"the file must end in {suffix}, not {ending:.20}")
    path, number = folder / f"{stem}{suffix}", 1
    while path.exists():
        number += 1
        path = folder / f"{stem}-{number}{suffix}"
    return path


def save(picture: np.ndarray, path: Path) -> None:
    """Write a picture, uint8 [H, W, 3], as PNG; it is there whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    memory = io.BytesIO()
    Image.fromarray(picture).save(memory, "PNG")
    atomic.write_bytes(path, memory.getbuffer())


class Recorder:
    """Writes what is shown and heard as a video of RATE pictures a second, in a thread of its own, until it is stopped.

    As a sound (see `core.audio.blocks.AudioSource`) it is what plays meanwhile, mono, a picture's length at a time.
    """

    channels = 1

    def __init__(self, frames: Frames, player: Transport, path: Path) -> None:
        """Begin; `path` ends in .mp4.

        Raises:
            RuntimeError: nothing has been painted yet.
            OSError: the file cannot be written.
        """
        self._frames, self.path = frames, path
        _, picture = frames.wait(0, 0.0)
        if picture is None:
            raise RuntimeError("there is no picture to record yet")
        self._size = picture.shape[:2]
        # When each came, so that an encoder that is late still writes each where it belongs.
        self._came = deque([(float("-inf"), picture)], _MOST_WAITING)
        self.sample_rate = player.rate or _SOUND_RATE
        self._tape = AudioTrack(player, self.sample_rate)
        self._stopping = threading.Event()
        self._begun_s = self._ended_s = time.monotonic()
        self.error = ""
        begun: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, args=(begun,), name="recorder", daemon=True)
        self._thread.start()
        begun.result()

    @property
    def running(self) -> bool:
        """Whether it still writes."""
        return self._thread.is_alive()

    def blocks(self) -> Iterator[np.ndarray]:
        """What is heard, float32 [1, samples] for each picture; it is asked for when the picture's time is over."""
        for count in itertools.count():
            begin, end = (round(Fraction(one * self.sample_rate, RATE)) for one in (count, count + 1))
            yield self._tape.read(self._begun_s + begin / self.sample_rate, end - begin)[None]

    def stop(self) -> Path:
        """Finish the file, which is as long as it was recorded; returns its path.

        Raises:
            OSError: it could not be finished.
        """
        if not self._stopping.is_set():
            self._ended_s = time.monotonic()
        self._stopping.set()
        self._thread.join(_PATIENCE_S)
        if self.error or self.running:
            raise OSError(f"{self.path} could not be finished: {self.error or 'the encoder is still at work'}")
        return self.path

    def _run(self, begun: "Future[None]") -> None:
        self._frames.listen(self._come)
        try:
            with atomic.replacing(self.path) as part:
                writer = Mp4(part, *self._even(), Fraction(RATE), self)
                with closing(writer):
                    # Not sooner: the encoder takes its time to get ready.
                    self._begun_s = time.monotonic()
                    begun.set_result(None)
                    self._write(writer)
                    writer.finish()
        except Exception as error:
            if not begun.done():
                begun.set_exception(error)
                return
            log.exception("the recording has ended")
            self.error = str(error)
        finally:
            self._frames.forget(self._come)

    def _even(self) -> tuple[int, int]:
        height, width = self._size
        return height - height % 2, width - width % 2

    def _write(self, writer: Mp4) -> None:
        count = 0
        # A picture is written when the next one is due: by then it is known what was heard with it.
        while not self._stopping.wait(max(0.0, self._begun_s + (count + 1) / RATE - time.monotonic())):
            writer.write(self._picture(count))
            count += 1
        # What is still owed, also by an encoder that was late: the film lasts as long as it was recorded.
        for number in range(count, max(1, round((self._ended_s - self._begun_s) * RATE))):
            writer.write(self._picture(number))

    def _come(self) -> None:
        """There is another picture; called by who paints."""
        _, picture = self._frames.wait(0, 0.0)
        assert picture is not None
        self._came.append((time.monotonic(), picture))

    def _picture(self, number: int) -> np.ndarray:
        """What was shown at the time of a picture, in the size of the first: another model may have been loaded."""
        while len(self._came) > 1 and self._came[1][0] <= self._begun_s + number / RATE:
            self._came.popleft()
        picture = self._came[0][1]
        height, width = self._even()
        if picture.shape[:2] != self._size:
            picture = np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.LANCZOS))
        return picture[:height, :width]
