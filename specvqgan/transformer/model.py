"""A loaded transformer: pictures' features or classes to codes of a spectrogram."""

import functools
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core import checks, progress
from specvqgan import run_folder
from specvqgan.transformer import config as settings
from specvqgan.transformer import sampling, weights
from specvqgan.transformer.config import TransformerConfig
from specvqgan.transformer.decoder import Computed, Decoder, DecoderGraph

FLOAT, INT8 = "float", "int8"
_MAX_COUNT, _MAX_COLUMNS = 64, 1_000_000
# Features of networks are below 100; beyond this, layers that normalise give nothing of them any more.
_LARGEST = 1e6
_LOG = logging.getLogger(__name__)
Progress = progress.Progress


def load(place: Path, engine: str, precision: str, matrices: str) -> "Transformer":
    """Load a transformer; see `specvqgan.load_transformer`."""
    checks.one_of("weights", matrices, (FLOAT, INT8))
    if matrices == INT8 and engine != "openvino":
        raise checks.mismatch("weights", f"be {FLOAT} with the engine {engine}", matrices)
    # What was read is not kept while the graph is compiled.
    config, arrays = run_folder.load(place, settings.from_run, weights.from_original)
    return Transformer(config, arrays, place, engine, precision, matrices)


class Transformer:
    """A transformer; may be used from several threads."""

    def __init__(
        self,
        config: TransformerConfig,
        arrays: Mapping[str, np.ndarray],
        folder: Path,
        engine: str = "openvino",
        precision: str = "f32",
        matrices: str = FLOAT,
    ) -> None:
        self.config = config
        self.folder = folder
        self.name = folder.name
        self.class_names = config.class_names
        # The others are the graph's.
        self._arrays = {name: array for name, array in arrays.items() if not name.startswith("blocks.")}
        ready = weights.of_8_bits(arrays) if matrices == INT8 else arrays
        self._graph = DecoderGraph(config, ready, engine, precision)

    @functools.cached_property
    def checksum(self) -> str:
        """The SHA-256 of the file with the weights."""
        return run_folder.checksum(self.folder)

    def sample(
        self,
        features: Any = None,
        classes: Any = None,
        *,
        start: Any = None,
        columns: int | None = None,
        temperature: float = 1.0,
        top_k: int | None = None,
        seed: int = 0,
        count: int | None = None,
        progress: Progress = progress.ignore,
    ) -> np.ndarray:
        """Sample grids of codes.

        Args:
            features: [n, frames, feature_depth], where the transformer takes any; one that was trained with random
                ones draws its own without.
            classes: whole numbers [n], where it takes any.
            start: int [n, rows, any number of columns]: the grid begins with them. Half of the window is
                `config.columns // 2` columns.
            columns: width of the grid, the start included; None: that of the window. Beyond the window a code follows
                half a window to its left, and the whole condition.
            temperature: what logits are divided by; 0 takes the likeliest code.
            top_k: draw only from so many likeliest codes, and those that tie with the last; None: from all.
            seed: of the draws; the same one gives the same grid, and each of the n has draws of its own.
            count: n, where nothing else says it; 1 without.
            progress: called after each column with how many are done, and how many there are in all; what it raises
                ends the work.

        Returns:
            int64 [n, rows, columns].

        Raises:
            ValueError: a shape or a value breaks a rule.
        """
        total = self.config.columns if columns is None else columns
        options: dict[str, Any] = {"temperature": temperature, "top_k": top_k, "seed": seed, "count": count}
        found = []
        for column in self.stream(features, classes, start=start, columns=total, **options):
            found.append(column)
            progress(len(found), total)
        return np.stack(found, axis=2)

    def stream(
        self,
        features: Any = None,
        classes: Any = None,
        *,
        start: Any = None,
        columns: int | None = None,
        temperature: float = 1.0,
        top_k: int | None = None,
        seed: int = 0,
        count: int | None = None,
    ) -> Iterator[np.ndarray]:
        """Sample columns one after the other, int64 [n, rows], so that they can be decoded meanwhile.

        Memory does not grow with the length. With `columns` None there is no end; else the arguments, the columns and
        the errors, which come at once, are those of `sample`.
        """
        if top_k is not None:
            checks.whole("top_k", top_k, 1, self.config.codes)
        choice = sampling.Choice(temperature, top_k)
        if columns is not None:
            checks.whole("columns", columns, 1, _MAX_COLUMNS)
        n = self._count(features, classes, start, count)
        primed = self._start(start, n, columns)
        rngs = [np.random.default_rng([checks.whole("seed", seed, 0), each]) for each in range(n)]
        decoder, found = self._begin(*self._condition(features, classes, n, rngs))
        return sampling.sample(decoder, self.config, found.logits[:, -1], primed, columns, choice, rngs)

    def evaluate(self, tokens: Any, features: Any = None, classes: Any = None) -> Computed:
        """Logits and attention for codes that are given.

        Args:
            tokens: int [n, rows, columns], at most a window.
            features: as in `sample`.
            classes: likewise.

        Returns:
            logits [n, 1 + rows * columns, codes], of the first code to the one after the last, column after column;
            attention of the last layer [n, heads, condition + rows * columns, the same].

        Raises:
            ValueError: a shape or a value breaks a rule.
        """
        n = self._count(features, classes, tokens, None)
        grid = self._start(tokens, n, self.config.columns)
        decoder, found = self._begin(*self._condition(features, classes, n, []))
        sequence = grid.transpose(0, 2, 1).reshape(n, -1)
        if not sequence.shape[1]:
            return Computed(found.logits[:, -1:], found.attention)
        rest = decoder.feed(sequence)
        places = rest.attention.shape[-1]
        before = np.pad(found.attention, ((0, 0), (0, 0), (0, 0), (0, places - found.attention.shape[-1])))
        attention = np.concatenate([before, rest.attention], axis=2)
        return Computed(np.concatenate([found.logits[:, -1:], rest.logits], axis=1), attention)

    def _begin(self, features: np.ndarray | None, classes: np.ndarray | None) -> tuple[Decoder, Computed]:
        """A decoder that has taken a condition, and what it gave."""
        n = len(classes if features is None else features)  # type: ignore[arg-type]
        decoder = Decoder(self._graph, self.config, self._arrays, n)
        return decoder, decoder.condition(features, classes)

    def _count(self, *given: Any) -> int:
        """How many sequences: what is given must agree."""
        *arrays, count = given
        lengths = {len(np.atleast_1d(np.asarray(each))) for each in arrays if each is not None}
        if count is not None:
            lengths.add(checks.whole("count", count, 1, _MAX_COUNT))
        if len(lengths) > 1:
            raise ValueError(f"features, classes, start and count must be for as many clips, not {sorted(lengths)}")
        return checks.whole("the number of clips", lengths.pop() if lengths else 1, 1, _MAX_COUNT)

    def _start(self, start: Any, n: int, columns: int | None) -> np.ndarray:
        if start is None:
            return np.zeros((n, self.config.rows, 0), np.int64)
        found = np.asarray(start)
        checks.shape("start", found, (n, self.config.rows, "columns"))
        if found.dtype.kind not in "iu":
            raise checks.mismatch("start", "be whole numbers", found.dtype)
        for number in (found.min(initial=0), found.max(initial=0)):
            checks.whole("a code", number, 0, self.config.codes - 1)
        checks.whole("columns of start", found.shape[2], 0, _MAX_COLUMNS if columns is None else columns)
        return found.astype(np.int64)

    def _condition(
        self, features: Any, classes: Any, n: int, rngs: list[np.random.Generator]
    ) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Features and classes as the network takes them."""
        config = self.config
        if features is None and config.random_features:
            shape = (config.frames, config.feature_depth)
            features = np.stack([rng.random(shape, np.float32) for rng in rngs or [np.random.default_rng(0)] * n])
        if (features is None) != (config.frames == 0):
            raise ValueError(_needs("features", self.name, config.frames))
        if (classes is None) != (config.classes == 0):
            raise ValueError(_needs("a class", self.name, config.classes))
        return (
            None if features is None else self._features(features, n),
            None if classes is None else self._classes(classes, n),
        )

    def _features(self, features: Any, n: int) -> np.ndarray:
        found = checks.finite("features", np.asarray(features, np.float32))
        checks.shape("features", found, (n, self.config.frames, self.config.feature_depth))
        checks.in_range("the largest feature", float(np.abs(found).max()), 0, _LARGEST)
        if not found.any(axis=(1, 2)).all():
            _LOG.warning("features are all 0: the sound follows nothing; a short video may have been padded with zeros")
        return found

    def _classes(self, classes: Any, n: int) -> np.ndarray:
        found = checks.shape("classes", np.asarray(classes), (n,))
        return np.array([checks.whole("a class", each, 0, self.config.classes - 1) for each in found.tolist()])


def _needs(what: str, name: str, some: int) -> str:
    return f"{name} needs {what}" if some else f"{name} takes no {what.removeprefix('a ')}"
