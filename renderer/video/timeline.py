"""The inputs of a whole video: latent vector and class weights of every frame, before anything is rendered."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from core.audio.beats import beat_frames
from core.audio.features import Features
from core.latent.key_path import moving_average
from renderer import sound_to_image
from renderer.video.response import Response


@dataclass(frozen=True)
class Timeline:
    """Inputs of frames: float32 noise [frames, z], float32 weights [frames, k] of k classes; frames per second."""

    noise: np.ndarray
    weights: np.ndarray
    classes: tuple[int, ...]
    rate: Fraction
    truncation: float = 1.0

    def __len__(self) -> int:
        return len(self.noise)

    def first(self, frames: int) -> "Timeline":
        """The first `frames` frames."""
        return Timeline(self.noise[:frames], self.weights[:frames], self.classes, self.rate, self.truncation)

    def batches(self, size: int, num_classes: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Latent vectors and class vectors [size, num_classes] in batches of `size`; the last one may be smaller."""
        for begin in range(0, len(self), size):
            weights = self.weights[begin : begin + size]
            yield self.noise[begin : begin + size], sound_to_image.dense(weights, self.classes, num_classes)


def of_song(
    features: Features, response: Response, classes: Sequence[int], start: np.ndarray, seed: int = 0
) -> Timeline:
    """A free walk: loudness and onsets move the latent vector on from `start` [z], pitches move the classes.

    Args:
        features: of the song, at a hop of response.frame_length.
        response: how the video responds to them.
        classes: at most 12 of the model's, without repeats; none of a model without classes.
        start: the first latent vector, within the bound.
        seed: of the jitter.

    Raises:
        ValueError: there are too many classes.
    """
    walk, noise = sound_to_image.start(start), np.empty((len(features), len(start)), np.float32)
    for frame, drive in enumerate(features.loudness + features.onsets):
        jitter = sound_to_image.jitter_at(frame, response.jitter, len(start), seed)
        walk = sound_to_image.step(walk, float(drive), response.pace, jitter, response.bound)
        noise[frame] = walk.noise
    weights = class_path(features, response, len(classes))
    return Timeline(noise, weights, tuple(classes), features.rate, response.truncation)


def class_path(features: Features, response: Response, count: int) -> np.ndarray:
    """Weights of `count` classes in every frame, float32 [frames, count].

    Raises:
        ValueError: there are more than 12 classes.
    """
    if not count:
        return np.zeros((len(features), 0), np.float32)
    chroma = features.chroma[:, sound_to_image.pitch_rows(features.order, count, response.sort_by_power)]
    sounding = np.flatnonzero(chroma.any(axis=1))
    level = chroma[sounding[0]].astype(np.float64) if len(sounding) else np.zeros(count)
    levels = np.empty((len(features), count))
    for frame, row in enumerate(chroma):
        levels[frame] = level = sound_to_image.blend(level, row, response.pitch_frames)
    starts = change_frames(features, response)
    held = levels if not len(starts) else _held(levels, starts)
    weights = [sound_to_image.class_weights(row, response.depth, response.mix, response.class_contrast) for row in held]
    if not len(starts):
        return moving_average(np.array(weights), response.smooth_frames).astype(np.float32)
    lengths = np.diff([*starts, len(features)])
    return moving_average(np.repeat(weights, lengths, axis=0), response.change_frames).astype(np.float32)


def change_frames(features: Features, response: Response) -> np.ndarray:
    """The frames at which classes may change, int [changes], the first one 0; empty: at any."""
    beats = beat_frames(features.onsets, float(features.rate)) if response.beats else np.zeros(0, int)
    return np.unique([0, *beats[:: response.beats]]) if len(beats) else beats


def _held(levels: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """The mean of the levels from each start to the next, [changes, count]."""
    lengths = np.diff([*starts, len(levels)])
    return np.add.reduceat(levels, starts, axis=0) / lengths[:, None]
