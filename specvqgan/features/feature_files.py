"""Feature files of the original: a pickle with an array [frames, depth] for each clip. Nothing in them is executed."""

from pathlib import Path

import numpy as np

from core import checks
from core.files import atomic
from core.files.regular import read_regular
from core.formats import npz, pickles

SUFFIX = ".pkl"
_MOST_BYTES = 1 << 30


def read(path: Path) -> np.ndarray:
    """The features of a file, .pkl or .npy: float32 [frames, depth].

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is damaged, or holds something else; the message names it.
    """
    try:
        found = npz.read_npy(path) if path.suffix == ".npy" else np.asarray(_loaded(path))
        if found.dtype.kind not in "fiu" or found.ndim != 2 or not len(found):
            raise ValueError(f"it holds {found.dtype} {checks.shape_text(found.shape)}, not features of frames")
        return np.asarray(checks.finite("features", found), np.float32)
    except ValueError as error:
        raise ValueError(f"{path} cannot be read: {error}") from None


def write(path: Path, features: np.ndarray) -> None:
    """Write features so that the original's programs can read them; a file of this name is replaced."""
    atomic.write_bytes(path, pickles.dumps(np.ascontiguousarray(features, np.float32)))


def _loaded(path: Path) -> object:
    data = read_regular(path, _MOST_BYTES)
    try:
        return pickles.loads(data)
    except Exception as error:  # a broken pickle can raise any
        raise ValueError(str(error) or type(error).__name__) from None
