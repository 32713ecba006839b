"""Snapshots and recordings in one folder, one recording at a time; its sound is the server's, or a client's own."""

import glob
import logging
import time
from collections.abc import Callable
from pathlib import Path

from core import errors
from core.files.unused_names import unused
from renderer.live import recorder
from renderer.live.client_sound import REPORTS, ClientSound
from renderer.live.recorder import Recorder
from renderer.live.transport import Transport
from renderer.video import fragments, mp4
from renderer.web.frames import Frames

log = logging.getLogger(__name__)


class Recordings:
    """Saves what is shown, with what plays.

    Attributes:
        saved: name of the file that was written last; "" before the first.
        problem: why the last recording ended early or lacks its sound; "": it does not.
        client_sound: of the recording, where a client writes it; else None.
    """

    def __init__(self, frames: Frames, transport: Transport, folder: Path, failed: Callable[[Path, str], None]) -> None:
        """Save to a folder; `failed` is called with the file and a sentence when a recording fails by itself."""
        self._frames, self._transport, self._folder, self._tell = frames, transport, folder, failed
        self._recorder: Recorder | None = None
        self.client_sound: ClientSound | None = None
        self.saved = self.problem = ""

    @property
    def running(self) -> bool:
        """Whether frames are being recorded."""
        return self._recorder is not None and self._recorder.running

    def snapshot(self, name: str | None) -> Path:
        """Save the current frame.

        Raises:
            ValueError: the name is not plain, or there is no frame.
            OSError: the file cannot be written.
        """
        path = recorder.new_path(self._folder, name, ".png")
        _, frame = self._frames.wait(0, 0.0)
        if frame is None:
            raise ValueError("there is no frame yet")
        recorder.save_png(frame, path)
        self.saved = path.name
        return path

    def start(self, name: str | None, *, client_sound: bool = False) -> Path:
        """Start a recording.

        Args:
            name: a plain file name; None: a name from the date and time.
            client_sound: whether the film gets a sound that the client writes: see `ClientSound`.

        Raises:
            ValueError: one is running already, the name is not plain, or there is no frame.
            OSError: the file cannot be written.
        """
        if self.running and self._recorder:
            raise ValueError(f"{self._recorder.path.name} is being recorded; stop that first")
        path = recorder.new_path(self._folder, name, ".mp4")
        if client_sound:
            path = unused(path, [".wav"])
        if not self._frames.number:
            raise ValueError("there is no frame yet")
        self._recorder, self.problem = Recorder(self._frames, self._transport, path, self._failed), ""
        sound = ClientSound(path.with_suffix(".wav"), begun_s=self._recorder.begun_s)
        self.client_sound = sound if client_sound else None
        return path

    def report_sound(self, blocks: int) -> None:
        """Note how much of its own sound a client has written: see `ClientSound.report`.

        Raises:
            ValueError: no recording waits for such a sound, or the number is too small.
        """
        now_s = time.monotonic()
        if not self.running or self.client_sound is None:
            raise ValueError("nothing is being recorded with a client's sound")
        self.client_sound.report(blocks, now_s)

    def stop(self) -> Path:
        """Finish the recording's file.

        Raises:
            ValueError: nothing is being recorded.
            OSError: the file could not be finished.
        """
        running, self._recorder = self._recorder, None
        if running is None:
            raise ValueError("nothing is being recorded")
        try:
            path = running.stop()
        except OSError:
            if self.client_sound:
                self.client_sound.forget()
            raise
        if self.client_sound:
            self._use(self.client_sound, path)
        self.saved = path.name
        return path

    def close(self) -> None:
        """Finish what is being recorded, if anything is."""
        if self._recorder:
            try:
                self.stop()
            except OSError as error:
                log.warning("%s", error)

    def _use(self, sound: ClientSound, path: Path) -> None:
        """Give a film the client's sound; if that fails, it keeps the server's."""
        if reason := _given(sound, path):
            self._failed(path, reason)

    def _failed(self, path: Path, reason: str) -> None:
        self.problem = reason
        self._tell(path, reason)


def recover(folder: Path) -> None:
    """Name the films that a killed renderer left in a folder; those with a client's sound beside them get it."""
    fragments.recover(folder)
    for reports in folder.glob(f".*{REPORTS}") if folder.is_dir() else ():
        stem = reports.name[1 : -len(REPORTS)]
        film, sound = folder / f"{stem}.mp4", ClientSound(folder / f"{stem}.wav")
        if any(folder.glob(f".{glob.escape(stem)}-*{fragments.ENDING}")):
            # Somebody else records it, or it could not be recovered yet.
            continue
        if film.is_file():
            _given(sound, film, killed=True)
        sound.forget()


def _given(sound: ClientSound, path: Path, killed: bool = False) -> str:
    """Give a film the client's sound; returns why that failed, or "": the film keeps the server's then."""
    try:
        found = ClientSound.of_killed(sound.path) if killed else sound
        mp4.replace_sound(path, found.placed())
    except (ValueError, OSError) as error:
        reason = f"the film has the server's sounds, not those of the client: {errors.sentence(error)}"
        log.warning("%s", reason)
        return reason
    finally:
        sound.forget()
    return ""
