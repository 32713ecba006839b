"""Measure sounds, and pairs of a generated and its real one; shared by processes, and kept for a run that was stopped.

What is kept of a sound follows from its content and from the files of the judges, not from its name.
"""

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

import specvqgan
from core import worker_pool
from core.audio.music_tagger import MusicTagger
from core.files.atomic import replacing
from core.files.regular import sha256
from core.formats.npz import read_npz
from core.progress import Progress
from specvqgan.mel.spectrogram import SAMPLE_RATE
from specvqgan.metrics import clip_sounds, mel_distance, melception, standardization
from specvqgan.metrics.clip_sounds import Vocode
from specvqgan.metrics.judges import Judges

VERSION = 1
# A path: what judges think of a sound. Two: how far a generated sound is from its real one.
Call = tuple[Path, ...]
# Arrays by name: of a sound those of `judges.Opinion`; of a pair "distances" in dB [2], of spectrograms and of sounds,
# which is NaN where there are none.
Measured = dict[str, np.ndarray]
# Measures some calls, in their order.
Measure = Callable[[Sequence[Call], Progress], list[Measured]]


@dataclass(frozen=True, eq=False)
class Measurer:
    """What measures in one process.

    Attributes:
        judges: of sounds.
        vocode: makes sounds of spectrograms; None: they have none.
        clip: hold generated spectrograms in 0..1.
    """

    judges: Judges
    vocode: Vocode | None = None
    clip: bool = True

    def measure(self, call: Call) -> Measured:
        """Measure a sound or a pair.

        Raises:
            FileNotFoundError, ValueError: a file cannot be read, or judged; the message names it.
        """
        if len(call) == 1:
            vocode = self.vocode if self.judges.tagger else None
            return asdict(self.judges.opinion(call[0], clip_sounds.read(call[0], vocode, self.clip)))
        one, other = (clip_sounds.read(path, self.vocode, self.clip) for path in call)
        spectral, several = mel_distance.of_spectrograms(one.spectrogram, other.spectrogram), np.nan
        if one.wave is not None and other.wave is not None:
            several = mel_distance.of_waves(one.wave, other.wave, SAMPLE_RATE)
        return {"distances": np.array([spectral, several])}


@dataclass(frozen=True)
class MeasurerFiles:
    """The files that a measurer is made of; each may be missing.

    Attributes:
        melception: weights of Melception.
        stats: of its training set.
        musicnn: the wheel of the tagger, or where it is installed.
        vocoder: folder of a vocoder.
        clip: hold generated spectrograms in 0..1.
        engine: what computes the networks.
        precision: f32 or bf16.
    """

    melception: Path | None = None
    stats: Path | None = None
    musicnn: Path | None = None
    vocoder: Path | None = None
    clip: bool = True
    engine: str = "openvino"
    precision: str = "f32"

    def load(self) -> Measurer:
        """The measurer.

        Raises:
            FileNotFoundError, ValueError: a file is missing, or holds something else.
        """
        own = {"engine": self.engine, "precision": self.precision}
        weights = melception.read(self.melception) if self.melception else None
        statistics = standardization.read(self.stats) if self.stats else None
        tagger = MusicTagger(self.musicnn) if self.musicnn else None
        vocoder = specvqgan.load_vocoder(self.vocoder, **own) if self.vocoder else None
        return Measurer(Judges(weights, statistics, tagger, **own), vocoder.generate if vocoder else None, self.clip)

    def described(self) -> dict[str, object]:
        """What decides the measurements: settings, and checksums of files."""
        found: dict[str, object] = {"version": VERSION, "clip": self.clip, "precision": self.precision}
        for name in ("melception", "stats", "musicnn", "vocoder"):
            place: Path | None = getattr(self, name)
            files = [] if place is None else [place] if place.is_file() else sorted(place.rglob("*"))
            found[name] = [sha256(path) for path in files if path.is_file()]
        return found


def in_turn(measurer: Measurer, calls: Sequence[Call], progress: Progress) -> list[Measured]:
    """Measure in this process."""
    found = []
    for done, call in enumerate(calls):
        progress(done, len(calls))
        found.append(measurer.measure(call))
    progress(len(calls), len(calls))
    return found


def shared(
    files: MeasurerFiles, jobs: int, kept: Path | None, calls: Sequence[Call], progress: Progress
) -> list[Measured]:
    """Measure in several processes, or in this one.

    Args:
        files: of the measurer.
        jobs: how many processes.
        kept: a folder that has what was measured before, and gets what is measured now; None: there is none.
        calls: what to measure.
        progress: counts them.

    Raises:
        FileNotFoundError, ValueError: a file cannot be read, or judged; the message names it.
    """
    places = _places(files, kept, calls)
    found = dict(_read(places))
    missing = [call for call in calls if call not in found]
    progress(len(calls) - len(missing), len(calls))
    for call, measured in _missing(files, missing, jobs):
        found[call] = measured
        if call in places:
            with replacing(places[call], sync=False) as part, part.open("wb") as file:
                np.savez(file, **measured)  # type: ignore[arg-type]
        progress(len(found), len(calls))
    return [found[call] for call in calls]


def _places(files: MeasurerFiles, kept: Path | None, calls: Sequence[Call]) -> dict[Call, Path]:
    """Where the measurements of calls are kept."""
    if kept is None:
        return {}
    described, known = json.dumps(files.described(), sort_keys=True), dict[Path, str]()
    for path in {path for call in calls for path in call}:
        known[path] = sha256(path)
    keys = {call: " ".join([described, *(known[path] for path in call)]) for call in calls}
    return {call: kept / f"{hashlib.sha256(key.encode()).hexdigest()}.npz" for call, key in keys.items()}


def _read(places: Mapping[Call, Path]) -> Iterator[tuple[Call, Measured]]:
    """What is kept; a damaged file is measured again."""
    for call, place in places.items():
        with contextlib.suppress(FileNotFoundError, ValueError):
            yield call, read_npz(place)


def _missing(files: MeasurerFiles, calls: Sequence[Call], jobs: int) -> Iterator[tuple[Call, Measured]]:
    if jobs > 1:
        yield from worker_pool.shared(_work, [(call,) for call in calls], jobs, _begin, files)
    elif calls:
        measurer = files.load()
        yield from ((call, measurer.measure(call)) for call in calls)


# What a process of the pool has: its measurer.
_OWN: list[Measurer] = []


def _begin(files: MeasurerFiles) -> None:
    _OWN.append(files.load())


def _work(call: Call) -> tuple[Call, Measured]:
    return call, _OWN[0].measure(call)
