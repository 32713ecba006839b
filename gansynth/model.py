"""A loaded GANSynth: latent vectors and pitches -> waves."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core import checks
from core.nn import numpy_ops
from core.progress import Progress
from core.protocols import Control
from gansynth import checkpoint, controls, latent_prior, network, spectral, streaming
from gansynth.conditions import CONDITIONS, ConditionValue, label_vectors
from gansynth.config import Config, check_pitch, nearest_pitch, read_config
from gansynth.heads import HeadLengths
from gansynth.latent_prior import LatentPrior
from gansynth.note_networks import NoteNetworks
from gansynth.note_rows import Rows, in_pairs, stacked

Conditions = Mapping[str, ConditionValue]
# Frames are computed in whole groups, so that at most 16 different lengths are ever compiled.
FRAME_GROUP = 8
_MEASURED_NOTES = 3


def load(folder: str | Path, *, engine: str = "openvino", precision: str = "f32") -> "Model":
    """Load a checkpoint folder: no training graph, no training data.

    Args:
        folder: the checkpoint folder.
        engine: what computes notes: "openvino", or "tensorflow" or "jax" for an NVIDIA GPU.
        precision: "f32", or "bf16": several times faster where the processor has it, and not quite the same sound.

    Raises:
        FileNotFoundError: no such checkpoint, or a file of it is missing.
        ValueError: a file breaks a rule, or there is no such engine or precision; the message names it.
    """
    config = read_config(folder)
    return Model(config, checkpoint.load(config), engine, precision, latent_prior.read(config))


class Model:
    """The generator of one checkpoint, ready to play.

    `pitches` are MIDI pitches; `audio_length` and `sample_rate` are samples and hertz; `conditions` has the names of
    the values of each condition that the model was trained with, such as "family"; `checksum` is that of the weights
    that were loaded, see `checkpoint.checksum`, whatever comes into the folder since. `prior` is what random latents
    are drawn from.
    """

    def __init__(
        self,
        config: Config,
        weights: checkpoint.Checkpoint,
        engine: str = "openvino",
        precision: str = "f32",
        prior: LatentPrior | None = None,
    ) -> None:
        self.config = config
        self.prior = prior or LatentPrior(config.latent_size)
        self.name, self.folder = config.name, config.folder
        self.pitches = config.pitches
        self.conditions = {name: CONDITIONS[name].values for name in config.conditions}
        self.latent_size = config.latent_size
        self.audio_length = config.audio_length
        self.sample_rate = config.sample_rate
        self.progress, self.checksum = weights.progress, weights.checksum
        self.layers = network.layer_names(weights.blocks)
        self._networks = NoteNetworks(config, weights, engine, precision)
        self.heads = HeadLengths(config)

    def generate(
        self,
        z: np.ndarray,
        pitches: Sequence[int] | np.ndarray,
        *,
        conditions: Conditions | None = None,
        length: int | None = None,
        progress: Progress | None = None,
    ) -> np.ndarray:
        """Synthesise notes.

        Args:
            z: [n, latent_size].
            pitches: [n] MIDI pitches, each one of `self.pitches`.
            conditions: of all notes, such as {"family": "brass", "qualities": ["bright", "reverb"]}; see
                `self.conditions`. One that is left out, or None, is not set.
            length: only the first `length` samples of each note are computed; None: all.
            progress: called with (done, n) before the first note and after each; what it raises ends the work.

        Returns:
            float32 [n, length]; a note does not depend on the others of its batch.

        Raises:
            ValueError: a shape, a pitch, a condition or the length breaks a rule.
        """
        notes = self.notes(z, pitches, conditions=conditions, length=length, progress=progress)
        return stacked(notes, length or self.audio_length)

    def notes(
        self,
        z: np.ndarray,
        pitches: Sequence[int] | np.ndarray,
        *,
        conditions: Conditions | None = None,
        length: int | None = None,
        progress: Progress | None = None,
    ) -> Iterator[np.ndarray]:
        """The notes of `generate` one after the other, each float32 [length], so that they need not all be kept."""
        return self._waves(None, self._input(z, pitches, conditions), length, progress)

    @property
    def controls(self) -> tuple[Control, ...]:
        """What a note is made from; see `SoundModel`."""
        return controls.controls(self.config)

    def render(self, values: Mapping[str, Any]) -> Iterator[np.ndarray]:
        """One note, as `SoundModel.render`; its blocks together are the note of `generate`, bit by bit."""
        z, pitches, conditions = controls.read(self.config, values)
        (x,) = self._input(z, pitches, conditions)
        return streaming.blocks(self._networks.specgram(x, None, self.config.frames), self.config)

    def blocks(
        self, z: np.ndarray, pitch: int, *, conditions: Conditions | None = None, notes: int = 1
    ) -> Iterator[np.ndarray]:
        """One note in two blocks, its head and the rest; each is computed when it is asked for.

        The note is that of `generate` but for rounding: fewer rows of the same maps are computed for the head.

        Args:
            z: [latent_size].
            pitch: one of `self.pitches`.
            conditions: see `generate`.
            notes: how many notes wait for their rest, this one included: the more, the longer the head.

        Returns:
            float32 [samples] each, together `audio_length`; a single block where notes are too short for a head.

        Raises:
            ValueError: a shape, the pitch or a condition breaks a rule.
        """
        (x,) = self._input(np.asarray(z)[None], [pitch], conditions)
        return self.heads.blocks(lambda frames: self._networks.specgram(x, None, frames), notes)

    def blocks_from_activations(
        self, layer: str, activations: np.ndarray, pitch: int, *, notes: int = 1
    ) -> Iterator[np.ndarray]:
        """The blocks of a note from a layer's output [time, frequency, channels]; see `generate_from_activations`."""
        self._check_layer(layer)
        self._check_pitches([pitch], 1)
        x = np.asarray(activations, np.float32)
        return self.heads.blocks(lambda frames: self._networks.specgram(x, layer, frames), notes)

    def layer_shape(self, layer: str) -> tuple[int, int, int]:
        """Time, frequency and channels of a layer's activations.

        Raises:
            ValueError: there is no such layer.
        """
        self._check_layer(layer)
        return network.layer_shape(self.config, layer)

    def activations(
        self,
        z: np.ndarray,
        pitches: Sequence[int] | np.ndarray,
        layer: str,
        *,
        conditions: Conditions | None = None,
        at_once: int = 1,
    ) -> np.ndarray:
        """A layer's output after activation and pixel norm: float32 [n, time, frequency, channels].

        `at_once` notes go through the network together: more are faster, and may differ in the last bit.

        Raises:
            ValueError: no such layer, or a bad shape, pitch or condition.
        """
        self._check_layer(layer)
        return self._networks.activations(self._input(z, pitches, conditions), layer, at_once=at_once)

    def generate_from_activations(
        self,
        layer: str,
        activations: np.ndarray,
        pitches: Sequence[int] | np.ndarray,
        *,
        length: int | None = None,
        progress: Progress | None = None,
    ) -> np.ndarray:
        """Synthesise from the output of a layer instead of z; see `generate`.

        Above its first layer the generator knows neither pitch nor conditions any more: `pitches` are checked, and then
        only count.
        """
        activations = np.asarray(activations, np.float32)
        notes = self.notes_from_activations(layer, activations, pitches, length=length, progress=progress)
        return stacked(notes, length or self.audio_length)

    def notes_from_activations(
        self,
        layer: str,
        activations: Rows,
        pitches: Sequence[int] | np.ndarray,
        *,
        length: int | None = None,
        progress: Progress | None = None,
    ) -> Iterator[np.ndarray]:
        """The notes of `generate_from_activations` one after the other, each float32 [length].

        `activations` may make each item, float32 [time, frequency, channels], when it is asked for.
        """
        self._check_layer(layer)
        self._check_pitches(pitches, len(activations))
        return self._waves(layer, activations, length, progress)

    def nearest_pitch(self, pitch: int) -> int:
        """The model's pitch nearest to a wanted one; the lower of two."""
        return nearest_pitch(self.pitches, pitch)

    def warm_up(self) -> None:
        """Compile what a note and its usual head need, so that the first one played does not wait for it."""
        for _ in range(_MEASURED_NOTES):
            deque(self.blocks(np.zeros(self.latent_size), self.pitches[0]), maxlen=0)

    def warm_up_heads(self) -> Iterator[None]:
        """Compile the other heads, which notes played together need, one for each `next`."""
        (x,) = self._input(np.zeros((1, self.latent_size)), [self.pitches[0]], None)
        for frames in self.heads.frames:
            self._networks.specgram(x, None, frames)
            yield

    def _waves(
        self, start: str | None, inputs: Rows, length: int | None, progress: Progress | None
    ) -> Iterator[np.ndarray]:
        length = self.audio_length if length is None else length
        checks.in_range("length", length, 1, self.audio_length, "samples")
        frames = -(-spectral.needed_frames(length, self.config) // FRAME_GROUP) * FRAME_GROUP
        frames = min(frames, self.config.frames)
        return in_pairs(lambda x: self._note(x, start, frames, length), inputs, progress or (lambda done, total: None))

    def _note(self, x: np.ndarray, start: str | None, frames: int, length: int) -> np.ndarray:
        specgram = self._networks.specgram(x, start, frames)
        waves = spectral.specgrams_to_waves(numpy_ops, specgram[None], self.config, length)
        return spectral.faded_in(numpy_ops, waves, self.config)[0]

    def _input(self, z: np.ndarray, pitches: Sequence[int] | np.ndarray, conditions: Conditions | None) -> np.ndarray:
        z = np.asarray(z)
        checks.finite("z", checks.shape("z", z, ("n", self.latent_size)))
        self._check_pitches(pitches, len(z))
        labels = label_vectors(self.config, pitches, conditions or {})
        return network.generator_input(numpy_ops, z.astype(np.float32), labels.astype(np.float32))

    def _check_pitches(self, pitches: Sequence[int] | np.ndarray, count: int) -> None:
        if len(pitches) != count:
            raise ValueError(f"there are {len(pitches)} pitches for {count} notes; each note needs one")
        for pitch in pitches:
            check_pitch(self.name, self.pitches, pitch)

    def _check_layer(self, layer: str) -> None:
        if layer not in self.layers:
            raise ValueError(f"{layer!r} is not a layer of {self.name}; its layers are {', '.join(self.layers)}")
