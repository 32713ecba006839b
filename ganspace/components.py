"""Directions of a layer's activations, and edits along them.

Source: Haerkoenen et al. 2020 (GANSpace). An edit moves along a direction, in standard deviations of the
activations along it: 1 is a common move, 3 a rare one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from core import checks


@dataclass(frozen=True)
class Origin:
    """What directions were found from, so that they can be found again.

    `checkpoint` is the folder's name, `checksum` that of its weights, `pitch` the one that was sampled, `count` how
    many latent vectors were. Of an image model: `class_number` is the class that was sampled (-1: random
    classes), `truncation` that of z, and `found_in` the layer that was analysed, where edits move another ("z").
    """

    checkpoint: str = ""
    checksum: str = ""
    pitch: int = 0
    seed: int = 0
    count: int = 0
    class_number: int = -1
    truncation: float = 0.0
    found_in: str = ""


@dataclass(frozen=True)
class Latents:
    """The directions in z: `directions` [k, latent] of unit length, `mean` [latent], `stdev` [k]."""

    directions: np.ndarray
    mean: np.ndarray
    stdev: np.ndarray


@dataclass(frozen=True)
class Components:
    """Directions of one layer, strongest first.

    Of an image model, maps have height and width in place of time and frequency, and the layer may be "z": then the
    directions were found in another layer (`origin.found_in`) and followed in z; `var_ratio` is that layer's.

    `components` [k, time, frequency, channels] have unit length, `stdev` [k] is the activations' standard deviation
    along each, `var_ratio` [k] their share of the variance, `mean` [time, frequency, channels] the average.
    `pitch_means` [p, time, frequency, channels] are the averages at each of the MIDI pitches `pitches`; files of the
    earlier system have none. `names` are the first directions' names, "" for none.
    """

    layer: str
    estimator: str
    components: np.ndarray
    stdev: np.ndarray
    var_ratio: np.ndarray
    mean: np.ndarray
    origin: Origin = Origin()
    pitches: tuple[int, ...] = ()
    pitch_means: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    latents: Latents | None = None
    names: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many directions there are."""
        return len(self.components)

    @property
    def knows_pitch(self) -> bool:
        """Whether `activations` depend on the pitch."""
        return bool(self.pitches)

    def name(self, index: int) -> str:
        """The name of direction `index` (from 0), or ""."""
        return self.names[index] if index < len(self.names) else ""

    def named(self, index: int, name: str) -> "Components":
        """The same directions with another name for number `index` (from 0).

        Raises:
            ValueError: there is no such direction.
        """
        if not 0 <= index < self.count:
            raise ValueError(f"there is no direction {index + 1}; there are {self.count}")
        names = list(self.names) + [""] * (index + 1 - len(self.names))
        names[index] = name
        return replace(self, names=tuple(names))

    def offsets(self, edits: np.ndarray) -> np.ndarray:
        """Edits [n, at most count] -> what they add to a z's own activations, [n, time, frequency, channels].

        Raises:
            ValueError: the edits have another shape, more columns than there are directions, or a value not finite.
        """
        edits = self._checked(edits)
        used = edits.shape[1]
        return np.tensordot(edits * self.stdev[:used], self.components[:used], axes=1)

    def activations(self, edits: np.ndarray, pitches: Sequence[int] | None = None) -> np.ndarray:
        """Edits [n, at most count] -> mean plus offsets, [n, time, frequency, channels].

        Args:
            edits: in standard deviations.
            pitches: [n] MIDI pitches, whose own means are used; None, or where there are no such means: the mean.

        Raises:
            ValueError: bad edits (see `offsets`), or a pitch without a mean among those that have one.
        """
        return self._means(pitches) + self.offsets(edits)

    def coordinates(
        self, activations: np.ndarray, pitches: Sequence[int] | None = None, *, count: int | None = None
    ) -> np.ndarray:
        """The edits that come nearest to activations [n, time, frequency, channels]: [n, count], by least squares.

        Args:
            activations: of this layer.
            pitches: [n], as in `activations`.
            count: only the first directions; None: all.

        Raises:
            ValueError: the activations are of another shape.
        """
        activations = np.asarray(activations, np.float64)
        checks.shape("activations", activations, ("n", *self.mean.shape))
        basis = self.components[:count].reshape(len(self.components[:count]), -1).astype(np.float64)
        moved = (activations - self._means(pitches)).reshape(len(activations), -1)
        amounts = np.linalg.lstsq(basis @ basis.T, basis @ moved.T, rcond=None)[0].T
        stdev = self.stdev[:count]
        return np.divide(amounts, stdev, out=np.zeros_like(amounts), where=stdev > 0)

    def latent_offsets(self, edits: np.ndarray) -> np.ndarray:
        """Edits [n, at most count] -> what they add to z, [n, latent]: the same directions, followed in z.

        Raises:
            ValueError: bad edits (see `offsets`), or the file has no latent directions.
        """
        if self.latents is None:
            raise ValueError("these components have no latent directions; compute them again to follow them in z")
        edits = self._checked(edits)
        used = edits.shape[1]
        return (edits * self.latents.stdev[:used]) @ self.latents.directions[:used]

    def _checked(self, edits: np.ndarray) -> np.ndarray:
        edits = np.asarray(edits, np.float64)
        if edits.ndim != 2 or edits.shape[1] > self.count:
            raise ValueError(f"edits must have shape [n, at most {self.count}], not {checks.shape_text(edits.shape)}")
        return checks.finite("edits", edits)

    def _means(self, pitches: Sequence[int] | None) -> np.ndarray:
        if pitches is None or not self.knows_pitch:
            return self.mean
        for pitch in pitches:
            if pitch not in self.pitches:
                raise ValueError(f"the components have no mean for pitch {pitch}; they have {self.pitches}")
        return self.pitch_means[[self.pitches.index(pitch) for pitch in pitches]]
