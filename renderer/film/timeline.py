"""The whole of a film as numbers: noise and class weights of every picture, before anything is painted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from renderer import mapping
from renderer.film.analysis import Features
from renderer.film.response import Response
from renderer.paths import SWAY, Sway, between, path_at, smoothed


@dataclass(frozen=True)
class Timeline:
    """What is painted: float32 noise [frames, z], float32 weights [frames, k] of k classes; pictures a second."""

    noise: np.ndarray
    weights: np.ndarray
    classes: tuple[int, ...]
    rate: Fraction
    truncation: float = 1.0

    def __len__(self) -> int:
        return len(self.noise)

    def first(self, frames: int) -> "Timeline":
        """Its beginning."""
        return Timeline(self.noise[:frames], self.weights[:frames], self.classes, self.rate, self.truncation)

    def batches(self, size: int, num_classes: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Noise and dense class vectors for `size` pictures at a time; the last batch may be smaller."""
        for begin in range(0, len(self), size):
            weights = self.weights[begin : begin + size]
            yield self.noise[begin : begin + size], mapping.dense(weights, self.classes, num_classes)


def of_song(
    features: Features, response: Response, classes: Sequence[int], start: np.ndarray, seed: int = 0
) -> Timeline:
    """A free walk: loudness and onsets push the noise on from `start` [z], pitches move the classes.

    Args:
        features: what is heard, of a hop of response.frame_length.
        response: how the picture answers.
        classes: 1..12 of the model's, without repeats.
        start: noise of the beginning, within the bound.
        seed: of the jitter.

    Raises:
        ValueError: there are too many classes or none.
    """
    walk, noise = mapping.start(start), np.empty((len(features), len(start)), np.float32)
    for frame, drive in enumerate(features.loudness + features.onset):
        jitter = mapping.jitter_at(frame, response.jitter, len(start), seed)
        walk = mapping.step(walk, float(drive), response.pace, jitter, response.bound)
        noise[frame] = walk.noise
    weights = class_path(features, response, len(classes))
    return Timeline(noise, weights, tuple(classes), features.rate, response.truncation)


# A pitch that is never stronger than this part of the strongest is no overtone, but what leaks beside one.
_FAINT = 0.1


def of_path(
    features: Features,
    response: Response,
    classes: Sequence[int],
    key_times_s: Sequence[float],
    keys: np.ndarray,
    class_keys: np.ndarray,
    seed: int = 0,
    sway: Sway = SWAY,
) -> Timeline:
    """Along the sound's own path: at each key time its key point, slerp in between; loudness and onsets make it sway.

    Args:
        features: what is heard.
        response: how the picture answers.
        classes: 1..12 of the model's, without repeats.
        key_times_s: rising times.
        keys: [n, z] a key point of the picture for each, before truncation.
        class_keys: [n, classes] what each key point is a picture of; the pitches mix the classes on top.
        seed: of the jitter.
        sway: how the sound pushes the picture off the path.

    Raises:
        ValueError: times and key points are not as many, or the times do not rise.
    """
    times = np.arange(len(features)) / float(features.rate)
    noise = response.truncation * path_at(times, key_times_s, keys)
    leash = 1.0 - float(np.exp(-1.0 / (sway.home_s * float(features.rate))))
    walk = mapping.start(np.zeros(noise.shape[1]))
    for frame, drive in enumerate(features.loudness + features.onset):
        jitter = mapping.jitter_at(frame, response.jitter, noise.shape[1], seed)
        walk = mapping.step(walk, float(drive), response.pace, jitter, sway.reach * response.truncation, leash)
        noise[frame] = mapping.fold(noise[frame] + walk.noise, response.bound)
    mixed = _mixed(features, response, between(times, key_times_s, class_keys), sway.pitches)
    return Timeline(noise.astype(np.float32), mixed, tuple(classes), features.rate, response.truncation)


def _mixed(features: Features, response: Response, own: np.ndarray, share: float) -> np.ndarray:
    """The path's own class weights [frames, k] and those of the pitches, each of sum 1, together of sum depth."""
    # Notes of one pitch differ in their overtones: each pitch counts against its own strongest moment.
    peak = features.chroma.max(axis=0)
    relative = features.chroma / np.where(peak > _FAINT, peak, np.inf)
    plain = replace(response, depth=1.0, mix="blend")
    heard = class_path(replace(features, chroma=relative), plain, own.shape[1])
    # In silence the path is left to itself.
    sounding = (relative.max(axis=1) > 0)[:, None] * 1.0
    share_at = share * smoothed(sounding, response.smooth_frames)
    return (response.depth * ((1.0 - share_at) * own + share_at * heard)).astype(np.float32)


def class_path(features: Features, response: Response, count: int) -> np.ndarray:
    """Weights of `count` classes at every picture, float32 [frames, count].

    Raises:
        ValueError: there are not 1..12 classes.
    """
    chroma = features.chroma[:, mapping.pitch_rows(features.order, count, response.sort_by_power)]
    heard = np.flatnonzero(chroma.any(axis=1))
    levels = chroma[heard[0]].astype(np.float64) if len(heard) else np.zeros(count)
    weights = np.empty((len(features), count))
    for frame, row in enumerate(chroma):
        levels = mapping.blend(levels, row, response.pitch_frames)
        weights[frame] = mapping.class_weights(levels, response.depth, response.mix)
    return smoothed(weights, response.smooth_frames).astype(np.float32)
