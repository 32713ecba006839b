"""From a configuration and a song to the inputs of every frame: latents, classes, noise, bends."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from core import checks
from core.audio.signals import segments
from core.audio.signals.chain import Analysis
from core.audio.signals.envelopes import rms
from core.latent.tf_normal import tf_normal
from core.protocols import ImageModel
from renderer import sound_to_image
from renderer.bending import Bend
from renderer.react import displacement, noise
from renderer.react.bends import BendTracks
from renderer.react.class_weights import class_weights
from renderer.react.config import ReactConfig, TrackConfig
from renderer.react.curves import Curves
from renderer.react.latents import Latents, Space, Stack, seeded
from renderer.react.tracks import Keys, PathTrack, SegmentTrack, Track, Transitions, WeightTrack

log = logging.getLogger(__name__)

# AIART draws the seeds of its latents below this.
_AIART_SEEDS = 500
_MOST_SIGMA = 100.0
# What the random numbers of a track are drawn for.
_LATENTS, _CLASSES, _NOISE, _DISPLACEMENT = range(4)


@dataclass(frozen=True)
class Song:
    """What a scene knows of its song.

    Attributes:
        sound: gives the wave of one of its sounds by name.
        duration_s: of the song.
        frames: of the video.
        fps: frames per second.
    """

    sound: Callable[[str], np.ndarray]
    duration_s: float
    frames: int
    fps: float


@dataclass(frozen=True)
class FrameInput:
    """What one frame is rendered from; a batch of one.

    Attributes:
        latent: float32 [1, layers, w] of a model that maps its latent vectors, else [1, z].
        classes: float32 [1, num_classes], or None.
        truncation: 0..1.
        noise: of the layers that take some, or None.
        bends: of layers of the model.
    """

    latent: np.ndarray
    classes: np.ndarray | None
    truncation: float
    noise: Any
    bends: tuple[Bend, ...]


class Scene:
    """The inputs of all frames of a song's video.

    Args:
        config: how the video follows the song.
        song: the song.
        model: what renders it.
        seed: of all that is drawn.
        classes: numbers of the model's classes that are used; none of a model without classes.

    Raises:
        ValueError: the configuration names something that there is not, or breaks a rule.
    """

    def __init__(
        self, config: ReactConfig, song: Song, model: ImageModel, seed: int, classes: tuple[int, ...] = ()
    ) -> None:
        self._config, self._song, self._model, self._seed, self._classes = config, song, model, seed, classes
        self._analysis = Analysis(config.signals, song.sound, song.frames, song.fps)
        self._curves = Curves(self._analysis.values, self.bounds, song.frames, song.fps)
        self._weights = class_weights(config.classes, self._curves, self.starts, len(classes))
        vectors = sound_to_image.dense(np.eye(len(classes)), classes, model.num_classes)
        self._space = Space(model, vectors, self._weights, config.latents.draw == "aiart")
        self._latents = self._make_latents()
        self._noise = NoiseFrames(config, self._curves, model.size, seed) if self._space.mapped else None
        self._bends = BendTracks(config.bends, self._curves, model)
        self._analysis.release()

    @cached_property
    def bounds(self) -> np.ndarray:
        """Frames where segments begin, and the last frame."""
        config, song = self._config.segments, self._song
        count = max(1, round(song.duration_s * segments.RATE))
        found = segments.changes(
            rms(song.sound(config.source)), song.duration_s, config.cutoff_hz, config.shortest_s, config.longest_s
        )
        least, most = config.least_s * segments.RATE, config.most_s * segments.RATE
        bounds = segments.rearranged(segments.boundaries(found, count), least, most)
        frames = np.minimum(np.round(bounds / segments.RATE * song.fps).astype(int), song.frames - 1)
        return np.unique(np.append(frames[:-1], song.frames - 1))

    def at(self, frame: int) -> FrameInput:
        """The input of a frame."""
        truncation = float(self._latents.truncation[frame])
        vector = None
        if self._model.num_classes:
            vector = sound_to_image.dense(self._weights[frame : frame + 1], self._classes, self._model.num_classes)
        noises = self._noise.at(frame) if self._noise else None
        return FrameInput(self._latents.at(frame)[None], vector, truncation, noises, self._bends.at(frame))

    @property
    def frames(self) -> int:
        """How many frames the whole song has."""
        return self._song.frames

    @property
    def signals(self) -> Mapping[str, np.ndarray]:
        """All signals of the configuration by name."""
        return {name: self._analysis.values(name) for name in self._config.signals}

    @property
    def starts(self) -> np.ndarray:
        """Frames where segments begin."""
        return self.bounds[:-1] if len(self.bounds) > 1 else self.bounds

    def _make_latents(self) -> Latents:
        config = self._config.latents
        used = {name for name, _ in (*config.a, *config.b)}
        tracks = {name: self._track(name, config.tracks[name]) for name in config.tracks if name in used}
        modulation = np.clip(self._curves.at("modulation of latents", config.modulation), 0.0, 1.0)
        truncation = np.clip(self._curves.at("truncation of latents", config.truncation), 0.0, 1.0)
        stack_b = Stack(self._space, tracks, config.b) if config.b else None
        return Latents(self._space, Stack(self._space, tracks, config.a), stack_b, modulation, truncation)

    def _track(self, name: str, config: TrackConfig) -> Track:
        if config.follow == "segments":
            length = max(1.0, round(config.transition_s * self._song.fps, 4))
            transitions = Transitions(self.starts, length, round(config.lead_s * self._song.fps), config.ease)
            return SegmentTrack(self._keys(name, config, len(self.starts)), transitions)
        if config.follow == "weights":
            weights = self._curves.columns(f"weights of track {name}", config.weights)
            return WeightTrack(self._keys(name, config, weights.shape[1]), weights, self._space.weighed)
        positions = self._curves.at(f"position of track {name}", config.position)
        return PathTrack(self._keys(name, config, config.points), positions)

    def _keys(self, name: str, config: TrackConfig, count: int) -> Keys:
        """The latents of a track."""
        if self._config.latents.draw == "aiart":
            seeds = config.seeds or tuple(self._drawn_seeds(name, config, count))
            z = np.stack([tf_normal(int(seeds[i % len(seeds)]), self._model.z_size) for i in range(count)])
        else:
            z = np.stack([seeded(self._model, self._key_seed(name, config, i)) for i in range(count)])
        return self._space.keys(z)

    def _drawn_seeds(self, name: str, config: TrackConfig, count: int) -> np.ndarray:
        seed = self._track_seed(name) if config.seed is None else [config.seed]
        return np.random.default_rng(seed[0] if len(seed) == 1 else seed).integers(0, _AIART_SEEDS, count)

    def _key_seed(self, name: str, config: TrackConfig, number: int) -> list[int]:
        if config.seeds:
            return [config.seeds[number % len(config.seeds)]]
        return [*(self._track_seed(name) if config.seed is None else [config.seed]), number]

    def _track_seed(self, name: str) -> list[int]:
        return [self._seed, _LATENTS, *name.encode()]


class NoiseFrames:
    """The noise of all frames: for each size one image, turned and displaced."""

    def __init__(self, config: ReactConfig, curves: Curves, size: int, seed: int) -> None:
        own, moved = config.noise, config.displacement
        self._from_px, self._least_px = own.from_px, moved.least_px
        self._turns = curves.at("turns of noise", own.turns)
        self._sigma = curves.at("sigma of noise", own.sigma)
        for extreme in (self._sigma.min(), self._sigma.max()):
            checks.in_range("sigma of noise", float(extreme), 0, _MOST_SIGMA)
        self._amount = np.clip(curves.at("amount of displacement", moved.amount), 0.0, 1.0)
        self._moved_turns = curves.at("turns of displacement", moved.turns)
        self._displaced = bool(self._amount.any() or moved.least_px)
        sizes = [2**power for power in range(2, int(np.log2(size)) + 1)]
        noise_seed = seed if own.seed is None else own.seed
        self._base = {one: noise.base_noise(one, noise_seed) for one in sizes}
        self._vectors = {one: displacement.vectors(displacement.grid(one, moved.detail), noise_seed) for one in sizes}
        # The first block has one layer, each other two.
        self._layers = [sizes[0], *(one for one in sizes[1:] for _ in range(2))]

    def at(self, frame: int) -> list[np.ndarray]:
        """The noise of each layer, [1, size, size, 1]."""
        return noise.by_size(self._layers, {size: self._image(size, frame) for size in self._base})

    def _image(self, size: int, frame: int) -> np.ndarray:
        fine = size >= self._from_px
        image = noise.turned_noise(self._base[size], self._turns[frame], self._sigma[frame] if fine else 1.0)
        if not fine or not self._displaced:
            return image
        flow = displacement.displacement(
            self._vectors[size], size, self._moved_turns[frame], self._amount[frame], self._least_px
        )
        return displacement.warped(image, flow)
