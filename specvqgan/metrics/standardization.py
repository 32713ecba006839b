"""Standardise spectrograms row by row, with the means and deviations of a training set."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core import checks
from core.files.regular import read_regular

_MOST_BYTES = 1 << 20


@dataclass(frozen=True, eq=False)
class Statistics:
    """Means and deviations of each mel band, float64 [mels], of spectrograms in 0..1."""

    means: np.ndarray
    deviations: np.ndarray

    def standardized(self, spectrograms: np.ndarray) -> np.ndarray:
        """Spectrograms [..., mels, frames] in 0..1 as the classifiers take them, float32.

        Raises:
            ValueError: they have another number of bands.
        """
        if spectrograms.shape[-2] != len(self.means):
            rule = f"have {len(self.means)} mel bands, as the statistics have"
            raise checks.mismatch("a spectrogram", rule, spectrograms.shape[-2])
        values = np.asarray(spectrograms, np.float64) - self.means[:, None]
        return (values / self.deviations[:, None]).astype(np.float32)


def read(path: Path) -> Statistics:
    """The statistics of a text file with a line "mean deviation" for each mel band.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a line has something else, or a deviation is not above 0.
    """
    rows = []
    for number, line in enumerate(read_regular(path, _MOST_BYTES).decode("utf-8", "replace").split("\n"), 1):
        if words := line.split():
            try:
                mean, deviation = map(float, words)
            except ValueError:
                raise ValueError(f'{path}, line {number} must be "mean deviation", not {line!r:.60}') from None
            if not (np.isfinite(mean) and 0 < deviation < np.inf):
                raise ValueError(f"{path}, line {number}: the deviation must be above 0, and both finite, not {line!r}")
            rows.append((mean, deviation))
    if not rows:
        raise ValueError(f"{path} has no lines")
    means, deviations = np.array(rows, np.float64).T
    return Statistics(means, deviations)
