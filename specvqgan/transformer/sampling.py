"""Choose codes one after the other, column by column, in a window that moves over a grid of any width.

Source: SpecVQGAN, evaluation/generate_samples.py within the window, sample_visualization.py beyond it.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core import checks
from specvqgan.transformer.config import TransformerConfig
from specvqgan.transformer.decoder import Decoder


@dataclass(frozen=True)
class Choice:
    """How a code is chosen.

    Attributes:
        temperature: what logits are divided by; 0: the likeliest code is taken.
        top_k: only so many of the likeliest codes are drawn from, and those that tie with the last; None: from all.
    """

    temperature: float = 1.0
    top_k: int | None = None

    def __post_init__(self) -> None:
        checks.in_range("temperature", self.temperature, 0.0, 100.0)
        if self.top_k is not None:
            checks.whole("top_k", self.top_k, 1)

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Shares of each code, float64, from logits [..., codes]; the temperature must not be 0."""
        scores = top_k_logits(np.asarray(logits, np.float64) / self.temperature, self.top_k)
        powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
        return powers / powers.sum(axis=-1, keepdims=True)

    def draw(self, logits: np.ndarray, rngs: list[np.random.Generator]) -> np.ndarray:
        """A code for each row of logits [n, codes], from the row's own random numbers: int64 [n]."""
        if not self.temperature:
            return np.argmax(logits, axis=-1)
        sums = np.cumsum(self.probabilities(logits), axis=-1)
        places = [np.searchsorted(row, rng.random() * row[-1], "right") for row, rng in zip(sums, rngs, strict=True)]
        return np.array(places, np.int64)


def top_k_logits(logits: np.ndarray, top_k: int | None) -> np.ndarray:
    """Logits [..., codes] with -inf for all but the `top_k` largest, and those that equal the last of them."""
    if top_k is None or top_k >= logits.shape[-1]:
        return logits
    least = np.partition(logits, -top_k, axis=-1)[..., -top_k, None]
    return np.where(logits < least, -np.inf, logits)


def window_start(column: int, columns: int | None, window: int) -> int:
    """The first column that is seen when `column` is chosen.

    The window is centred on the column and stays within the grid; `columns` is the grid's width, None: without an end.
    """
    last = column if columns is None else max(columns - window, 0)
    return min(max(column - window // 2, 0), last)


def sample(
    decoder: Decoder,
    config: TransformerConfig,
    first: np.ndarray,
    start: np.ndarray,
    columns: int | None,
    choice: Choice,
    rngs: list[np.random.Generator],
) -> Iterator[np.ndarray]:
    """Columns of codes, one at a time.

    Within the window each code is computed once. Where the window moves, everything in it has another position, so
    what was kept of it is computed again, once for each column.

    Args:
        decoder: that has taken the condition.
        config: the transformer's.
        first: logits [n, codes] after the condition.
        start: int [n, rows, primed columns], which are given and come first.
        columns: how many in all; None: without an end.
        choice: how a code is chosen.
        rngs: one for each of the n.

    Yields:
        int64 [n, rows].
    """
    window = config.columns
    seen: deque[np.ndarray] = deque(start.transpose(2, 0, 1), maxlen=window)
    yield from start.transpose(2, 0, 1).copy()
    column, begin = start.shape[2], -1
    waiting = np.zeros((len(rngs), 0), np.int64)
    while columns is None or column < columns:
        if (wanted := window_start(column, columns, window)) != begin:
            begin = wanted
            decoder.rewind(config.condition)
            kept = list(seen)[len(seen) - (column - begin) :]
            waiting = np.concatenate([waiting[:, :0], *kept], axis=1)
        codes: list[np.ndarray] = []
        for _ in range(config.rows):
            logits = decoder.feed(waiting).logits[:, -1] if waiting.shape[1] else first
            codes.append(choice.draw(logits, rngs))
            waiting = codes[-1][:, None]
        seen.append(np.stack(codes, axis=1))
        yield seen[-1].copy()
        column += 1
