"""The whole of a film as numbers: noise and class weights of every picture, before anything is painted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from gansynth.hallucination import slerp
from renderer import mapping
from renderer.analysis import Features
from renderer.response import Response


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


@dataclass(frozen=True)
class Sway:
    """How far a picture that follows a path may be pushed off it by the sound, and how soon it is back.

    `reach` is in standard deviations of the noise (times the truncation), `home_s` in seconds; `pitches` is the part of
    the class weights that belongs to the pitches, 0..1.
    """

    reach: float = 0.8
    home_s: float = 0.6
    pitches: float = 0.3


SWAY = Sway()
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


def path_at(times_s: np.ndarray, key_times_s: Sequence[float], keys: np.ndarray) -> np.ndarray:
    """Where a path through key points is at some times: slerp between two of them, at rest before and after.

    Args:
        times_s: [n].
        key_times_s: [k], rising.
        keys: [k, z].

    Returns:
        float64 [n, z].

    Raises:
        ValueError: times and key points are not as many, or the times do not rise.
    """
    keys = np.asarray(keys, np.float64)
    before, after, part = _places(times_s, key_times_s, keys)
    return np.stack([slerp(keys[a], keys[b], float(p)) for a, b, p in zip(before, after, part, strict=True)])


def between(times_s: np.ndarray, key_times_s: Sequence[float], keys: np.ndarray) -> np.ndarray:
    """The same along straight lines: for weights, whose sum must stay."""
    keys = np.asarray(keys, np.float64)
    before, after, part = _places(times_s, key_times_s, keys)
    return keys[before] + part[:, None] * (keys[after] - keys[before])


def _places(
    times_s: np.ndarray, key_times_s: Sequence[float], keys: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The key points before and after each time, and how far it is from one to the other."""
    key_times = np.asarray(key_times_s, np.float64)
    if keys.ndim != 2 or len(keys) != len(key_times) or not len(keys):
        raise ValueError(f"{len(key_times)} key times need as many key points, not {len(keys)}")
    if (np.diff(key_times) <= 0).any():
        raise ValueError("key times must rise")
    places = np.interp(times_s, key_times, np.arange(len(keys)))
    before = np.minimum(places.astype(int), max(len(keys) - 2, 0))
    return before, np.minimum(before + 1, len(keys) - 1), places - before


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


def smoothed(values: np.ndarray, frames: int) -> np.ndarray:
    """A moving average over `frames` rows, centred, as long as `values` [n, k]; the ends are held."""
    before = (frames - 1) // 2
    held = np.pad(values, ((before, frames - 1 - before), (0, 0)), mode="edge")
    sums = np.cumsum(np.pad(held, ((1, 0), (0, 0))), axis=0, dtype=np.float64)
    # What rounding leaves of a sum of zeros is no weight.
    return np.maximum((sums[frames:] - sums[:-frames]) / frames, 0.0)
