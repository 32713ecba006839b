"""Overlapping windows of a sequence that comes in pieces: for networks that need what is around, in bounded memory."""

from collections.abc import Iterable, Iterator

import numpy as np


def windows(pieces: Iterable[np.ndarray], width: int, margin: int) -> Iterator[tuple[np.ndarray, int, int]]:
    """Windows of a sequence, and which part of each is new.

    Args:
        pieces: of the sequence, one after the other: [..., any length].
        width: of a window.
        margin: what a window has before and after its new part, at least; not at the sequence's own ends.

    Yields:
        A window [..., width], and the first and the last but one position in it that are new. The new parts, one after
        the other, are the sequence. A sequence that is shorter than a window is a single one.
    """
    kept: np.ndarray | None = None
    # Where the next new part begins in what is kept.
    new = 0
    for piece in pieces:
        kept = piece if kept is None else np.concatenate([kept, piece], axis=-1)
        begin = max(new - margin, 0)
        # A window that ends where the sequence ends is the last one, which is another case.
        while kept.shape[-1] > begin + width:
            stop = begin + width - margin
            yield kept[..., begin : begin + width], new - begin, stop - begin
            drop = min(stop - margin, kept.shape[-1] - width)
            kept, new = kept[..., drop:], stop - drop
            begin = max(new - margin, 0)
    if kept is not None and kept.shape[-1]:
        begin = max(kept.shape[-1] - width, 0)
        yield kept[..., begin:], new - begin, kept.shape[-1] - begin
