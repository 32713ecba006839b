"""The codes of a sound of any length, a window at a time, and the spectrogram that they make.

A window sees the pictures of its own time, never those of the whole film. It begins with the codes of the second half
of the window before, so that the sound goes on; where two windows have made the same frames of the spectrogram, one
fades into the other.
"""

from collections.abc import Callable, Iterable, Iterator

import numpy as np

# Makes the codes of a window [rows, columns]: its number, what was kept of its moments, the codes that it begins with.
Sample = Callable[[int, list[np.ndarray], np.ndarray], np.ndarray]
# Makes the spectrogram [mels, frames] of codes.
Decode = Callable[[np.ndarray], np.ndarray]


def half(columns: int) -> int:
    """How many columns of a window are new, but for the first."""
    return max(1, columns // 2)


def split(kept: Iterable[np.ndarray], moments: int, columns: int, windows: int | None) -> Iterator[list[np.ndarray]]:
    """What was kept of the pictures, in windows that overlap.

    Args:
        kept: of one moment after the other.
        moments: of a window.
        columns: of a window; the next one begins half of them later.
        windows: how many; None: as many as it takes to reach the end.

    Yields:
        At most `moments` each, at least one.
    """
    source, held, first = iter(kept), list[np.ndarray](), 0
    number = 0
    while windows is None or number < windows:
        # Windows need not begin at a whole moment.
        begin = round(number * half(columns) * moments / columns)
        del held[: begin - first]
        missing = moments - len(held)
        new = [moment for _, moment in zip(range(missing), source, strict=False)]
        if number and windows is None and not new:
            return
        held += new
        if not held:
            return
        first, number = begin, number + 1
        yield list(held)
        if windows is None and len(new) < missing:
            return


def codes(windows: Iterable[list[np.ndarray]], sample: Sample, start: np.ndarray, columns: int) -> Iterator[np.ndarray]:
    """The codes of each window, int [rows, columns], which begin with the end of those before.

    Args:
        windows: what was kept of the pictures of each.
        sample: makes them.
        start: [rows, any number of columns], the codes that the first window begins with.
        columns: of a window.
    """
    for number, kept in enumerate(windows):
        found = sample(number, kept, start)
        yield found
        start = found[:, half(columns) :]


def spectrogram(grids: Iterable[np.ndarray], decode: Decode, columns: int) -> Iterator[np.ndarray]:
    """The spectrogram of the codes of all windows, float32 [mels, frames] at a time."""
    held = None
    # A quarter of a window is left for the next one to make, with more behind it.
    quarter = max(1, half(columns) // 2)
    for grid in grids:
        mel = decode(grid)
        stride = mel.shape[1] // columns
        if held is not None:
            mel = _joined(held, mel, (columns - half(columns) - quarter) * stride, stride)
        end = mel.shape[1] - quarter * stride
        yield mel[:, :end]
        held = mel[:, end:]
    if held is not None:
        yield held


def _joined(held: np.ndarray, mel: np.ndarray, begin: int, fade: int) -> np.ndarray:
    """The frames of a window from `begin` on, where those that are held fade into them."""
    part = np.linspace(0.0, 1.0, fade + 2, dtype=np.float32)[1:-1]
    rest = mel[:, begin:].copy()
    rest[:, :fade] = (1.0 - part) * held[:, :fade] + part * rest[:, :fade]
    return rest
