"""A client's own sound for a recording: a WAV that the client writes, placed in time by what it reports meanwhile.

The client says about five times a second how much it has written. Its clock is not this machine's: where it wrote
nothing for a while (Pd without DSP) there is silence, and where its clock has another pace, the sound is resampled by
that little. As long as it records, the reports are in a hidden file too: after a kill the film gets this sound.
"""

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile
import soxr

from core import checks
from core.audio.decoding import decode
from core.files.regular import check_regular, read_regular

# Samples in a block of Pd's.
BLOCK = 64
REPORTS = ".reports"
# Reports that lie further apart than the sound between them, by this much: it was not written on and on.
_GAP_S = 0.1
# A pace is measured only over so long, from reports that may be some milliseconds late; at the end it must matter.
_LONG_S, _MATTERS_S = 20.0, 0.002
_MOST_PACE = 0.01
_PATIENCE_S = 5.0
_MOST_REPORTS = 2**18
_HIGHEST_RATE = 768_000
# Samples of silence at a time: somebody may switch DSP off for an hour.
_SILENCE = 2**14
# Of the hidden file: its lines are the time in the film, in microseconds, and the blocks by then.
_MOST_BYTES = 32 * _MOST_REPORTS
_LINE = re.compile(rb"(\d{1,15}) (\d{1,15})\n")


@dataclass(frozen=True)
class Stretch:
    """Samples `begin` to `end` of a WAV, written without a gap; the first at `start_s`, then `pace` in a second."""

    begin: int
    end: int
    start_s: float
    pace: float


@dataclass
class ClientSound:
    """The WAV, and the reports: when, and how many samples there were.

    Attributes:
        path: of the WAV.
        reports: times, on the clock of `begun_s`, and samples.
        begun_s: when the film begins.
    """

    path: Path
    reports: list[tuple[float, int]] = field(default_factory=list)
    begun_s: float = 0.0

    def report(self, blocks: int, now_s: float) -> None:
        """Note that so many blocks are written now.

        Raises:
            ValueError: there were more before, or there are too many reports.
        """
        self._add(blocks, now_s)
        # Without the hidden file, the sound is used all the same, unless the renderer is killed.
        with suppress(OSError), reports_path(self.path).open("ab", buffering=0) as file:
            file.write(b"%d %d\n" % (max(0.0, now_s - self.begun_s) * 1e6, blocks))

    def _add(self, blocks: int, now_s: float) -> None:
        last = self.reports[-1][1] if self.reports else 0
        if blocks * BLOCK < last:
            raise ValueError(f"blocks must not become fewer: {blocks} after {last // BLOCK}")
        if len(self.reports) >= _MOST_REPORTS:
            raise ValueError(f"a recording has at most {_MOST_REPORTS} reports of its sound")
        self.reports.append((now_s, blocks * BLOCK))

    @classmethod
    def of_killed(cls, path: Path) -> "ClientSound":
        """The sound of a film whose renderer was killed, with the reports from the hidden file.

        Raises:
            ValueError, OSError: the file cannot be read.
        """
        sound = cls(path)
        # The last line may be a part of one.
        for found in _LINE.finditer(read_regular(reports_path(path), _MOST_BYTES)):
            sound._add(int(found[2]), int(found[1]) / 1e6)
        return sound

    def forget(self) -> None:
        """Delete the hidden file: the film is finished."""
        with suppress(OSError):
            reports_path(self.path).unlink()

    def placed(self) -> "PlacedSound":
        """The sound from the film's beginning on, once the client has finished the file.

        Raises:
            ValueError: the client has not reported anything, or the file's rate is none.
            OSError: it has not written anything.
        """
        if not self.reports:
            raise ValueError("the client has not begun to write it")
        rate = checks.whole("the rate of the client's sound", self._wait(), 1, _HIGHEST_RATE)
        return PlacedSound(self.path, rate, stretches(self.reports, rate), self.begun_s)

    def _wait(self) -> int:
        """Wait until all that was reported is in the file; its sample rate in hertz."""
        end_s = time.monotonic() + _PATIENCE_S
        while True:
            try:
                check_regular(self.path)
                info = soundfile.info(self.path)
            except (soundfile.LibsndfileError, OSError) as error:
                if time.monotonic() > end_s:
                    raise OSError(f"{self.path.name} was not written by the client, or on another machine") from error
            else:
                if info.frames >= self.reports[-1][1] or time.monotonic() > end_s:
                    return int(info.samplerate)
            time.sleep(0.02)


def reports_path(path: Path) -> Path:
    """The hidden file beside a client's WAV, with its reports."""
    return path.with_name(f".{path.stem}{REPORTS}")


def stretches(reports: Sequence[tuple[float, int]], rate: int) -> list[Stretch]:
    """The parts that were written without a gap, from reports of (time in s, samples by then)."""
    times, counts = np.array([one[0] for one in reports]), np.array([one[1] for one in reports])
    late = np.diff(times) - np.diff(counts) / rate
    first = [0, *(np.flatnonzero(late > _GAP_S) + 1), len(reports)]
    found: list[Stretch] = []
    for begin, end in pairwise(first):
        offsets = times[begin:end] - counts[begin:end] / rate
        start_s, pace = _start_and_pace(counts[begin:end], offsets, rate)
        # What was written since the last report before a gap belongs to it: Pd was switched off later.
        finish = counts[end] if end < len(counts) else counts[-1]
        start = found[-1].end if found else 0
        found.append(Stretch(start, int(finish), start_s + start / pace, pace))
    return found


def _start_and_pace(counts: np.ndarray, offsets: np.ndarray, rate: int) -> tuple[float, float]:
    """When sample 0 would have been written, and how many are written in a second."""
    if counts[-1] - counts[0] >= _LONG_S * rate:
        slope, start = np.polyfit(counts, offsets, 1)
        if abs(slope) * rate < _MOST_PACE and abs(slope) * (counts[-1] - counts[0]) > _MATTERS_S:
            return float(start), 1.0 / (1.0 / rate + float(slope))
    return float(np.median(offsets)), float(rate)


@dataclass(frozen=True)
class PlacedSound:
    """The sound of a film (see `core.audio.blocks.AudioSource`), in stereo, from `begin_s` on."""

    path: Path
    sample_rate: int
    parts: Sequence[Stretch]
    begin_s: float
    channels: int = 2

    def blocks(self) -> Iterator[np.ndarray]:
        """The samples, float32 [2, samples] at a time: silence until each part begins, then the part."""
        reader, done = _Reader(self.path), 0
        for part in self.parts:
            place = round((part.start_s - self.begin_s) * self.sample_rate)
            for begin in range(done, place, _SILENCE):
                yield np.zeros((2, min(_SILENCE, place - begin)), np.float32)
            early, done = max(0, done - place), max(place, done)
            for block in self._at_own_rate(reader.take(part.end - part.begin), part.pace):
                kept = block[:, early:]
                early -= block.shape[1] - kept.shape[1]
                done += kept.shape[1]
                yield kept

    def _at_own_rate(self, blocks: Iterator[np.ndarray], pace: float) -> Iterator[np.ndarray]:
        if pace == self.sample_rate:
            yield from blocks
            return
        stream = soxr.ResampleStream(pace, self.sample_rate, 2, dtype="float32")
        for block in blocks:
            yield stream.resample_chunk(np.ascontiguousarray(block.T)).T
        yield stream.resample_chunk(np.zeros((0, 2), np.float32), last=True).T


class _Reader:
    """Reads a file on and on, in stereo."""

    def __init__(self, path: Path) -> None:
        self._blocks = (block.samples for block in decode(path, "stereo"))
        self._rest = np.zeros((2, 0), np.float32)

    def take(self, count: int) -> Iterator[np.ndarray]:
        """The next `count` samples, or all that are left, in blocks."""
        while count > 0:
            if not self._rest.shape[1]:
                self._rest = next(self._blocks, self._rest)
                if not self._rest.shape[1]:
                    return
            piece, self._rest = self._rest[:, :count], self._rest[:, count:]
            count -= piece.shape[1]
            yield piece
