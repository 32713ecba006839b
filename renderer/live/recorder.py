"""Snapshots and recordings of what is shown, as files in one folder."""

import io
import itertools
import logging
import re
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from core import errors
from core.files import atomic
from core.files.plain_names import refuse_device
from core.text import megabytes
from renderer.live.audio_track import AudioTrack
from renderer.live.transport import Transport
from renderer.video.fragments import FragmentFile
from renderer.video.mp4 import Mp4
from renderer.web.frames import Frames

log = logging.getLogger(__name__)

RATE = 30
# Sample rate of a recording that starts before any sound is known.
_AUDIO_RATE = 48_000
# Frames that the encoder may be behind, at least two seconds; beyond that the oldest are dropped.
_MOST_WAITING = 120
_PLAIN = re.compile(r"\w[\w .+@=,()-]{0,99}")
_PATIENCE_S = 30.0
# A recording needs this much room to begin: some minutes of small images.
_ROOM_BYTES = 16 << 20


def new_path(folder: Path, name: str | None, suffix: str) -> Path:
    """A file that does not exist yet: NAME.suffix in the folder, or NAME-2.suffix and so on.

    Args:
        folder: where the file will be.
        name: a plain file name; None: a name from the date and time.
        suffix: with its dot.

    Raises:
        ValueError: the name is not plain, or ends in another suffix.
    """
    name = datetime.now().strftime("hallu-%Y%m%d-%H%M%S") if name is None else name
    if not _PLAIN.fullmatch(name) or name.endswith((".", " ")):
        raise ValueError(f"a file's name must be plain, of letters, digits, spaces and -_.+, not {name!r:.60}")
    stem, ending = (name, "") if Path(name).suffix == "" else (Path(name).stem, Path(name).suffix)
    refuse_device("a file", name)
    if ending.lower() not in ("", suffix):
        raise ValueError(f"the file must end in {suffix}, not {ending:.20}")
    path, number = folder / f"{stem}{suffix}", 1
    while path.exists():
        number += 1
        path = folder / f"{stem}-{number}{suffix}"
    return path


def save_png(frame: np.ndarray, path: Path) -> None:
    """Write a frame, uint8 [H, W, 3], as PNG, atomically.

    Raises:
        OSError: it cannot be written.
    """
    memory = io.BytesIO()
    Image.fromarray(frame).save(memory, "PNG")
    atomic.write_bytes(path, memory.getbuffer())


def check_room(folder: Path) -> None:
    """Check that a recording can begin in a folder, which is created where it is missing.

    Raises:
        OSError: nothing can be written there, or there is too little room.
    """
    atomic.check_folder(folder)
    free = shutil.disk_usage(folder).free
    if free < _ROOM_BYTES:
        raise OSError(f"{folder} has only {megabytes(free)} left; a recording needs at least {megabytes(_ROOM_BYTES)}")


class Recorder:
    """Records what is shown and what plays as a video of RATE frames per second, in a thread, until it is stopped.

    It is also the video's audio (see `core.audio.blocks.AudioSource`): mono, in blocks of one frame's length.
    """

    channels = 1

    def __init__(
        self, frames: Frames, transport: Transport, path: Path, failed: Callable[[Path, str], None] | None = None
    ) -> None:
        """Start recording.

        Args:
            frames: what is shown.
            transport: what plays.
            path: the file, ending in .mp4.
            failed: called from the thread, with the file and the reason, if the recording has to end early.

        Raises:
            RuntimeError: nothing has been rendered yet.
            OSError: the file cannot be written, or its disk is nearly full.
        """
        self._frames, self.path = frames, path
        self._failed = failed or (lambda path, reason: None)
        _, frame = frames.wait(0, 0.0)
        if frame is None:
            raise RuntimeError("there is no frame to record yet")
        check_room(path.parent)
        self._size = frame.shape[:2]
        # With arrival times, so that an encoder that is late still writes each frame at its time.
        self._arrived = deque([(float("-inf"), frame)], _MOST_WAITING)
        self.sample_rate = transport.rate or _AUDIO_RATE
        self._audio_track = AudioTrack(transport, self.sample_rate)
        self._stopping = threading.Event()
        self._begun_s = self._ended_s = time.monotonic()
        self.error = ""
        begun: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, args=(begun,), name="recorder", daemon=True)
        self._thread.start()
        begun.result()

    @property
    def begun_s(self) -> float:
        """When the first frame was shown, as `time.monotonic()` counts."""
        return self._begun_s

    @property
    def running(self) -> bool:
        """Whether it still writes."""
        return self._thread.is_alive()

    def blocks(self) -> Iterator[np.ndarray]:
        """The audio, float32 [1, samples] per frame; each block is read when its frame's time is over."""
        for count in itertools.count():
            begin, end = (round(Fraction(one * self.sample_rate, RATE)) for one in (count, count + 1))
            yield self._audio_track.read(self._begun_s + begin / self.sample_rate, end - begin)[None]

    def stop(self) -> Path:
        """Finish the file, which lasts as long as the recording did; returns its path.

        Raises:
            OSError: it has ended early; the message says why, and what is kept.
        """
        if not self._stopping.is_set():
            self._ended_s = time.monotonic()
        self._stopping.set()
        self._thread.join(_PATIENCE_S)
        if self.running:
            raise OSError(f"{self.path} could not be finished: the encoder is still at work")
        if self.error:
            raise OSError(self.error)
        return self.path

    def _run(self, begun: "Future[None]") -> None:
        self._frames.listen(self._take)
        try:
            file = FragmentFile(self.path)
            try:
                with closing(Mp4(file, *self._even(), Fraction(RATE), self)) as writer:
                    # Only now: the encoder takes time to start.
                    self._begun_s = time.monotonic()
                    begun.set_result(None)
                    self._write(writer)
                    writer.finish()
                self.path = file.finish()
            except Exception as error:
                self._salvage(file, error)
        except Exception as error:
            log.debug("no recording", exc_info=True)
            begun.set_exception(error)
        finally:
            self._frames.forget(self._take)

    def _salvage(self, file: FragmentFile, error: Exception) -> None:
        """Keep what was written before an error, and report it."""
        kept = file.salvage()
        self.path = kept or self.path
        rest = f"what was recorded until then is in {self.path.name}" if kept else "nothing could be kept"
        self.error = f"the recording has ended early, {rest}: {errors.sentence(file.error or error)}"
        log.warning("%s", self.error)
        self._failed(self.path, self.error)

    def _even(self) -> tuple[int, int]:
        height, width = self._size
        return height - height % 2, width - width % 2

    def _write(self, writer: Mp4) -> None:
        count = 0
        # A frame is written when the next one is due: by then its audio is known.
        while not self._stopping.wait(max(0.0, self._begun_s + (count + 1) / RATE - time.monotonic())):
            writer.write(self._frame(count))
            count += 1
        # The frames that are missing, also those of an encoder that was late.
        for number in range(count, max(1, round((self._ended_s - self._begun_s) * RATE))):
            writer.write(self._frame(number))

    def _take(self) -> None:
        """Keep a new frame; called in the thread that renders."""
        _, frame = self._frames.wait(0, 0.0)
        assert frame is not None
        self._arrived.append((time.monotonic(), frame))

    def _frame(self, number: int) -> np.ndarray:
        """What was shown at the time of a frame, in the size of the first: the model may have changed."""
        while len(self._arrived) > 1 and self._arrived[1][0] <= self._begun_s + number / RATE:
            self._arrived.popleft()
        frame = self._arrived[0][1]
        height, width = self._even()
        if frame.shape[:2] != self._size:
            frame = np.asarray(Image.fromarray(frame).resize((width, height), Image.Resampling.LANCZOS))
        return frame[:height, :width]
