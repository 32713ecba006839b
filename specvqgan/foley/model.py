"""A loaded foley model: the codebook, the transformer and the vocoder at work together."""

import functools
import hashlib
import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import specvqgan
from core import checks
from core.audio.blocks import faded_ends
from core.files import json_files
from core.progress import Progress, ignore
from specvqgan.codebook.model import Codebook
from specvqgan.family import SETTINGS, describe
from specvqgan.foley import watching, windows
from specvqgan.foley.watching import RESNET, Watch
from specvqgan.transformer.model import Transformer
from specvqgan.vocoder.model import Vocoder
from specvqgan.vocoder.refined import RefinedVocoder

_LONGEST_S = 6 * 3600.0
_FADE_S = 0.005
_MOST_SEED = 2**63


class Foley:
    """Sounds for pictures, a `FoleyModel` of core/protocols.py; may be used from several threads.

    Attributes:
        name: of the model.
        folder: where it was loaded from.
        sample_rate: in Hz.
        seconds: of a window.
        classes: names of the classes that a sound can be asked to be of.
        codebook: spectrograms to codes and back.
        transformer: writes codes.
        vocoder: spectrograms to sound.
    """

    def __init__(
        self, folder: Path, codebook: Codebook, transformer: Transformer, vocoder: Vocoder | RefinedVocoder,
        watch: Watch | None, classes: tuple[str, ...] = (), top_k: int | None = None,
    ) -> None:  # fmt: skip
        """Put the parts together.

        Args:
            folder: of the model.
            codebook: of the codes.
            transformer: its grid has the codebook's codes and rows.
            vocoder: of the codebook's spectrograms.
            watch: what features are measured with; None: it takes none.
            classes: their names, if the transformer takes a class.
            top_k: how many of the likeliest codes are drawn from; None: half of them.

        Raises:
            ValueError: the parts do not fit each other.
        """
        self.folder, self.name = folder, folder.resolve().name
        self.codebook, self.transformer, self.vocoder, self._watch = codebook, transformer, vocoder, watch
        _check_fit(codebook, transformer, vocoder)
        self._columns = transformer.config.columns
        self._hop = vocoder.config.hop
        self._window = self._columns * codebook.config.stride * self._hop
        self.sample_rate = vocoder.sample_rate
        self.seconds = self._window / self.sample_rate
        count = transformer.config.classes
        self.classes = tuple(classes or transformer.class_names or map(str, range(count))) if count else ()
        # Beyond the named ones there may be a last one: none is asked for.
        self._unasked = count - 1 if len(self.classes) == count - 1 and transformer.config.frames else None
        if len(self.classes) != count and self._unasked is None:
            raise ValueError(f"{self.name} names {len(self.classes)} classes, but its transformer has {count}")
        self.top_k = top_k or max(1, transformer.config.codes // 2)

    @property
    def needs_class(self) -> bool:
        """Whether a class must be asked for: pictures alone do not decide."""
        return bool(self.classes) and self._unasked is None

    @property
    def watches(self) -> bool:
        """Whether the sound follows pictures."""
        return self._watch is not None

    @functools.cached_property
    def checksum(self) -> str:
        """The SHA-256 of the checksums of the three networks, hexadecimal."""
        parts = (self.codebook, self.transformer, self.vocoder)
        return hashlib.sha256("".join(part.checksum for part in parts).encode()).hexdigest()

    def generate(self, frames: Iterable[np.ndarray], fps: float, **options: Any) -> np.ndarray:
        """See `core.protocols.FoleyModel.generate`."""
        return np.concatenate([np.zeros(0, np.float32), *self.stream(frames, fps, **options)])

    def stream(
        self, frames: Iterable[np.ndarray], fps: float, *, seconds: float | None = None, **options: Any
    ) -> Iterator[np.ndarray]:
        """See `core.protocols.FoleyModel.stream`, and `codes` for the options; memory does not grow with the length."""
        counted = _Counted(frames)
        grids = self.codes(counted if seconds is None else frames, fps, seconds=seconds, **options)

        def samples() -> float:
            """How many there are in all, as far as that is known."""
            length_s = seconds if seconds is not None else counted.number / fps if counted.ended else math.inf
            return length_s * self.sample_rate

        return self.sound(grids, samples)

    def codes(
        self,
        frames: Iterable[np.ndarray],
        fps: float,
        *,
        seconds: float | None = None,
        classes: str | int | None = None,
        temperature: float = 1.0,
        top_k: int | None = None,
        seed: int = 0,
        start: np.ndarray | None = None,
        progress: Progress | None = None,
    ) -> Iterator[np.ndarray]:
        """The codes of each window, int64 [rows, columns]; all but the first begin with the second half of the last.

        The arguments are those of `stream`, and `start`: codes [rows, at most columns] that the sound begins with.
        They are checked at once, the frames as they are read.
        """
        checks.above("fps", fps, 0)
        if seconds is not None:
            checks.above("seconds", seconds, 0, _LONGEST_S, "s")
        number = self.class_number(classes)
        checks.in_range("temperature", temperature, 0.0, 100.0)
        checks.whole("seed", seed, 0, _MOST_SEED)
        count = self._count(seconds)
        most = min(top_k or self.top_k, self.transformer.config.codes)
        first = np.zeros((self.transformer.config.rows, 0), np.int64) if start is None else np.asarray(start)
        counter = _Counter(progress or ignore, self._columns, count)

        def sample(window: int, kept: list[np.ndarray], begin: np.ndarray) -> np.ndarray:
            features = None if self._watch is None else self._watch.features(kept)[None]
            state = np.random.SeedSequence([seed, window]).generate_state(1)
            given = None if number is None else np.array([number])
            columns = self.transformer.stream(
                features,
                given,
                start=begin[None],
                columns=self._columns,
                temperature=temperature,
                top_k=most,
                seed=int(state[0]),
            )
            return np.stack([counter.passed(column[0]) for column in columns], axis=1)

        kept = self._kept(frames, fps, seconds)
        parts = windows.split(kept, self._moments, self._columns, count)
        return windows.codes(parts, sample, first, self._columns)

    def class_number(self, given: str | int | None) -> int | None:
        """The number of a class by its name or number.

        Raises:
            ValueError: there is none, one is needed, or the model takes none.
        """
        known = ", ".join(self.classes)
        if given is None:
            if self.needs_class:
                raise ValueError(f"{self.name} needs a class: {known}")
            return self._unasked
        if not self.classes:
            raise ValueError(f"{self.name} takes no class, not {given!r:.40}; the pictures decide")
        names = {name: place for place, name in enumerate(self.classes)}
        names |= {str(place): place for place in range(len(self.classes))}
        if str(given) not in names:
            raise ValueError(f"class must be one of {known}, not {given!r:.40}")
        return names[str(given)]

    def sound(
        self, grids: Iterable[np.ndarray], samples: Callable[[], float] = lambda: math.inf
    ) -> Iterator[np.ndarray]:
        """The sound of the codes of windows, float32 [samples] at a time, of at most so many samples in all.

        It begins and ends softly, within 5 ms: codes may begin in the middle of a wave.
        """
        return faded_ends(self._cut(grids, samples), round(_FADE_S * self.sample_rate))

    def _cut(self, grids: Iterable[np.ndarray], samples: Callable[[], float]) -> Iterator[np.ndarray]:
        done = 0
        for wave in self.vocoder.stream(self.spectrogram(grids)):
            left = max(0, round(min(samples() - done, len(wave))))
            yield wave[:left]
            done += left

    def spectrogram(self, grids: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """The spectrogram of the codes of windows, float32 [mels, frames] at a time."""
        return windows.spectrogram(grids, lambda grid: self.codebook.decode(grid[None])[0], self._columns)

    @property
    def _moments(self) -> int:
        return self._watch.moments if self._watch else self._columns

    def _kept(self, frames: Iterable[np.ndarray], fps: float, seconds: float | None) -> Iterator[np.ndarray]:
        rate = self._moments / self.seconds
        if self._watch:
            return map(self._watch.keep, watching.moments(frames, fps, rate, repeat=seconds is not None))
        blind = np.zeros(0, np.float32)
        if seconds is not None:
            return itertools.repeat(blind)
        return (blind for _ in watching.moments(frames, fps, rate, repeat=False))

    def _count(self, seconds: float | None) -> int | None:
        """How many windows a sound takes."""
        if seconds is None:
            return None
        columns = math.ceil(seconds * self.sample_rate / (self._window / self._columns) - 1e-6)
        return 1 + max(0, math.ceil((columns - self._columns) / windows.half(self._columns)))


class _Counted:
    """Frames that are counted as they are read.

    Attributes:
        number: how many have been read.
        ended: whether these are all.
    """

    def __init__(self, frames: Iterable[np.ndarray]) -> None:
        self._frames = frames
        self.number, self.ended = 0, False

    def __iter__(self) -> Iterator[np.ndarray]:
        for frame in self._frames:
            self.number += 1
            yield frame
        self.ended = True


class _Counter:
    """Counts columns, for the progress."""

    def __init__(self, progress: Progress, columns: int, count: int | None) -> None:
        self._progress, self._done = progress, 0
        self._total = 0 if count is None else columns * count

    def passed(self, column: np.ndarray) -> np.ndarray:
        """Count a column, and return it."""
        self._done += 1
        self._progress(self._done, self._total)
        return column


def load(folder: Path, vocoder: Path | None, features: Path | None, engine: str, precision: str) -> Foley:
    """Load a foley model; see `specvqgan.load_foley`."""
    options = {"engine": engine, "precision": precision}
    if (folder / SETTINGS).is_file():
        known = describe(folder)
        values = json_files.read_object(folder / SETTINGS)
        parts = {"codebook": folder / "codebook", "transformer": folder / "transformer", "vocoder": folder / "vocoder"}
        classes, kind = known.class_names, values.get("features")
        top_k = None if values.get("top_k") is None else checks.whole("top_k", values["top_k"], 1)
        features = features or next(iter(sorted(folder.glob("*.pth"))), None)
        refine = checks.of_kind("refine", values.get("refine", False), bool)
    else:
        if vocoder is None:
            raise ValueError(f"{folder} has no {SETTINGS}; of a run of the original's, the vocoder must be named too")
        parts, classes, kind, top_k = {"codebook": folder, "transformer": folder, "vocoder": vocoder}, (), RESNET, None
        refine = False
    transformer = specvqgan.load_transformer(parts["transformer"], precision=precision)
    codebook = specvqgan.load_codebook(parts["codebook"], **options)
    plain = specvqgan.load_vocoder(parts["vocoder"], **options)
    sound = RefinedVocoder(plain) if refine else plain
    watch = _watch(transformer, str(kind), features, engine, folder)
    return Foley(folder, codebook, transformer, sound, watch, classes if transformer.config.classes else (), top_k)


def _watch(transformer: Transformer, kind: str, features: Path | None, engine: str, folder: Path) -> Watch | None:
    config = transformer.config
    if not config.frames or config.random_features:
        return None
    if kind == RESNET:
        if features is None:
            return watching.blind(f"{folder} follows photographs: name a file of torchvision's ResNet-50 weights")
        return watching.photographs(features, config.frames, engine)
    try:
        return watching.small(kind, config.frames)
    except ValueError as error:
        raise ValueError(f"{folder / SETTINGS}: {error}") from None


def _check_fit(codebook: Codebook, transformer: Transformer, vocoder: Vocoder | RefinedVocoder) -> None:
    pairs = {
        "codes": (codebook.config.codes, transformer.config.codes),
        "rows": (codebook.config.rows, transformer.config.rows),
        "mels": (codebook.config.mels, vocoder.config.mels),
    }
    for what, (ours, theirs) in pairs.items():
        if ours != theirs:
            other = vocoder.folder if what == "mels" else transformer.folder
            raise ValueError(f"{codebook.folder} has {ours} {what}, but {other} has {theirs}; they must be the same")
