"""A sound's way through pictures: where it is at any position. No state, so that positions may jump.

At each of its key times the picture is at the key point's own picture, slerped in between as the sound is. Loudness and
onsets push it off this path, and pitches move the classes. The film of a hallucination goes the same way.
"""

import numpy as np

from core.audio.features import FEATURE_RATE
from core.latent.key_path import lerp_at, moving_average, slerp_at
from renderer import sound_to_image
from renderer.live.generator_input import GeneratorInput
from renderer.live.sounds import PlayedSound

# How far, in standard deviations, sound may push the noise off the path; and what part of the classes the pitches mix.
_SWAY, _PITCHES = 0.8, 0.3
# How long an onset is felt, and how softly it begins.
_FELT_S, _SOFT_S = 0.25, 0.06
# Loudness and pitches are averaged over these.
_LOUD_S, _PITCH_S = 0.12, 0.4
_CONTRAST = 3
# A pitch that is never stronger than this is no overtone, but what leaks beside one.
_FAINT = 0.1
# Turns a second of the push: at rest, and more with full loudness and onsets.
_TURNS_AT_REST, _TURNS_MORE = 0.1, 0.6


class ReactivePath:
    """A sound's pictures for one model and one choice of classes."""

    def __init__(self, sound: PlayedSound, z_size: int, classes: tuple[int, ...], num_classes: int) -> None:
        """The noise has z_size values; `classes` are some of num_classes, or none of a model without classes."""
        self._classes, self._num_classes = list(classes), num_classes
        self._times = [float(time) for time in sound.key_times_s]
        self._keys = sound_to_image.image_keys(sound.keys, z_size)
        self._class_keys = sound_to_image.class_keys(sound.keys, len(classes))
        self._force, self._turns = _push(sound.loudness, sound.onsets)
        self._heard, self._pitches = _pitches(sound.chroma, len(classes))
        rng = np.random.default_rng([z_size, len(sound.keys)])
        self._speeds, self._phases = rng.uniform(0.5, 1.5, z_size), rng.uniform(0.0, 1.0, z_size)

    def at(self, position_s: float, jitter: float) -> GeneratorInput:
        """Where it is; before the first and after the last key point it rests there. Jitter 0: on the path itself."""
        now = np.array([position_s])
        noise = slerp_at(now, self._times, self._keys)[0]
        # Folded in any case: an arc bulges beyond its ends.
        noise = sound_to_image.fold(noise + jitter * self._sway(position_s), sound_to_image.REACH)
        own = lerp_at(now, self._times, self._class_keys)[0]
        heard, pitches = _read(self._heard, position_s), _read(self._pitches, position_s)
        weights = np.zeros(self._num_classes)
        weights[self._classes] = (1.0 - _PITCHES * heard) * own + _PITCHES * pitches
        return GeneratorInput(noise, weights)

    def _sway(self, position_s: float) -> np.ndarray:
        """How far the sound pushes each value off the path at full jitter."""
        turns = self._speeds * _read(self._turns, position_s) + self._phases
        return 2.0 * _SWAY * _read(self._force, position_s) * np.sin(2.0 * np.pi * turns)


def _push(loudness: np.ndarray, onsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """At each moment the force of the push, 0..1, and how far it has turned; both [n] and without steps."""
    felt = np.exp(-np.arange(5 * _frames(_FELT_S)) / (_FELT_S * FEATURE_RATE))
    struck = np.convolve(_mean(onsets, _SOFT_S), felt)[: len(onsets)]
    force = 0.4 * _mean(loudness, _LOUD_S) + 0.6 * np.minimum(struck, 1.0)
    return force, np.cumsum(_TURNS_AT_REST + _TURNS_MORE * force) / FEATURE_RATE


def _pitches(chroma: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """At each moment how far the pitches speak [n], 0..1, and for which classes [n, count]: rows of that sum.

    Up to twelve classes have a pitch each, those that sound most in the whole of the sound. As in films, each pitch
    counts against its own strongest moment, and those that stand out count more.
    """
    if not count:
        return np.zeros(len(chroma)), np.zeros((len(chroma), 0))
    order, peak = np.argsort(-chroma.mean(axis=0), kind="stable"), chroma.max(axis=0)
    relative = chroma / np.where(peak > _FAINT, peak, np.inf)
    rows = sound_to_image.pitch_rows(order, min(count, sound_to_image.PITCHES))
    levels = np.zeros((len(chroma), count))
    levels[:, : len(rows)] = _mean(relative[:, rows], _PITCH_S)
    heard, clear = np.minimum(levels.sum(axis=1), 1.0), levels**_CONTRAST
    return heard, clear * (heard / np.maximum(clear.sum(axis=1), np.finfo(float).tiny))[:, None]


def _mean(values: np.ndarray, over_s: float) -> np.ndarray:
    """A moving average of values [n] or [n, k]."""
    return moving_average(values.reshape(len(values), -1), _frames(over_s)).reshape(values.shape)


def _frames(seconds: float) -> int:
    return max(1, round(seconds * FEATURE_RATE))


def _read(rows: np.ndarray, position_s: float) -> np.ndarray | float:
    """Values [n] or [n, k] of moments at a position, between two moments in between; held outside the sound."""
    place = min(max(position_s * FEATURE_RATE, 0.0), len(rows) - 1.0)
    first = int(place)
    part = place - first
    return (1.0 - part) * rows[first] + part * rows[min(first + 1, len(rows) - 1)]
