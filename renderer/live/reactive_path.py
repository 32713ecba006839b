"""The audio-reactive path of one sound: generator input as a function of the position. No state: positions may jump.

At each key time the frame is that of the key point, slerped in between as in the sound. Loudness and onsets push the
latent vector off this path, and pitches move the class weights. The video of a hallucination follows the same path.
"""

import numpy as np

from core.audio.features import FEATURE_RATE
from core.latent.key_path import lerp_at, moving_average, slerp_at
from renderer import sound_to_image
from renderer.live.generator_input import GeneratorInput
from renderer.live.sounds import PlayedSound

# How far, in standard deviations, the sound may push z off the path; the share of class weights that pitches control.
_SWAY, _PITCH_SHARE = 0.8, 0.3
# How long an onset lasts, and how softly it begins.
_ONSET_S, _SOFT_S = 0.25, 0.06
# Windows over which loudness, pitches and class weights are averaged.
_LOUDNESS_S, _PITCH_S, _CLASS_S = 0.12, 0.4, 0.5
_CONTRAST = 3
# The weights of classes are raised to this power: key points and pitches together would mix three of them or more.
# Measured: `python -m bench.mixtures`.
CLASS_CONTRAST = 5.0
# A pitch class that never gets stronger than this is leakage of another one.
_FAINT = 0.1
# Turns per second of the push: at rest, and the increase at full loudness and onsets.
_TURNS_AT_REST, _TURNS_MORE = 0.1, 0.6


class ReactivePath:
    """The path of a sound for one model and one choice of classes."""

    def __init__(
        self,
        sound: PlayedSound,
        z_size: int,
        classes: tuple[int, ...],
        num_classes: int,
        class_contrast: float = CLASS_CONTRAST,
    ) -> None:
        """Prepare a path.

        Args:
            sound: what plays.
            z_size: values of z.
            classes: some of num_classes, or none of a model without.
            num_classes: of the model.
            class_contrast: the power of the class weights; 1: as key points and pitches mix them.
        """
        self._classes, self._num_classes = list(classes), num_classes
        self._times = [float(time) for time in sound.key_times_s]
        self._force, self._turns = _push(sound.loudness, sound.onsets)
        self._presence, self._pitches = _pitches(sound.chroma, len(classes))
        self._drive = sound.drive
        if self._times:
            self._keys = sound_to_image.image_keys(sound.keys, z_size)
            class_keys = sound_to_image.class_keys(sound.keys, len(classes))
            moments = lerp_at(np.arange(len(sound.chroma)) / FEATURE_RATE, self._times, class_keys)
            self._weights = _class_weights(moments, self._presence, self._pitches, class_contrast)
        # A part that grows gets more key points, and stays as it was.
        rng = np.random.default_rng([z_size, len(sound.keys) if sound.part < 0 else 0])
        self._speeds, self._phases = rng.uniform(0.5, 1.5, z_size), rng.uniform(0.0, 1.0, z_size)

    def at(self, position_s: float, jitter: float, base: GeneratorInput | None = None) -> GeneratorInput:
        """The input at a position; before the first and after the last key point it rests there.

        Args:
            position_s: from the start of the sound.
            jitter: how strongly the sound pushes z off the path, 0..1.
            base: the input in place of the path's, for a sound that has no key points.
        """
        if base is not None and not self._times:
            return self._moved(base, position_s, jitter)
        now = np.array([position_s])
        z = slerp_at(now, self._times, self._keys)[0]
        # Folded in any case: an arc bulges beyond its ends.
        z = sound_to_image.fold(z + self._sway(position_s, jitter), sound_to_image.REACH)
        weights = np.zeros(self._num_classes)
        weights[self._classes] = _read(self._weights, position_s)
        return GeneratorInput(z, weights)

    def _moved(self, base: GeneratorInput, position_s: float, jitter: float) -> GeneratorInput:
        """An input that the sound moves: z by loudness and onsets, the class weights by pitches."""
        z = sound_to_image.fold(base.z + self._sway(position_s, jitter), sound_to_image.REACH)
        weights = np.array(base.class_weights, np.float64)
        share = _PITCH_SHARE * _read(self._presence, position_s)
        weights[self._classes] = (1.0 - share) * weights[self._classes] + _PITCH_SHARE * _read(
            self._pitches, position_s
        )
        return GeneratorInput(z, weights)

    def _sway(self, position_s: float, jitter: float) -> np.ndarray:
        """How far the sound pushes each value off the path."""
        turns = self._speeds * _read(self._turns, position_s) + self._phases
        return (
            min(1.0, jitter * self._drive) * 2.0 * _SWAY * _read(self._force, position_s) * np.sin(2.0 * np.pi * turns)
        )


def _push(loudness: np.ndarray, onsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """At each moment the force of the push, 0..1, and how far it has turned; both [n] and without steps."""
    decay = np.exp(-np.arange(5 * _frames(_ONSET_S)) / (_ONSET_S * FEATURE_RATE))
    struck = np.convolve(_mean(onsets, _SOFT_S), decay)[: len(onsets)]
    force = 0.4 * _mean(loudness, _LOUDNESS_S) + 0.6 * np.minimum(struck, 1.0)
    return force, np.cumsum(_TURNS_AT_REST + _TURNS_MORE * force) / FEATURE_RATE


def _class_weights(own: np.ndarray, presence: np.ndarray, pitches: np.ndarray, contrast: float) -> np.ndarray:
    """Class weights at each moment [n, count], each row of sum 1.

    Args:
        own: [n, count] those of the key points.
        presence: see `_pitches`.
        pitches: see `_pitches`.
        contrast: their power; 1: without averaging, as in version 0.1.
    """
    mixed = (1.0 - _PITCH_SHARE * presence[:, None]) * own + _PITCH_SHARE * pitches
    if contrast == 1.0 or not mixed.shape[1]:
        return mixed
    # Relative to the largest, so that none is too small to add up; averaged, so that a change takes its time.
    clear = (mixed / mixed.max(axis=1, keepdims=True)) ** contrast
    return _mean(clear / clear.sum(axis=1, keepdims=True), _CLASS_S)


def _pitches(chroma: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """At each moment how present pitches are [n], 0..1, and their class weights [n, count]: rows with that sum.

    Up to twelve classes get a pitch class each, the most frequent ones of the whole sound. As in videos, each pitch
    class is relative to its own strongest moment, and those that stand out count more.
    """
    if not count:
        return np.zeros(len(chroma)), np.zeros((len(chroma), 0))
    order, peak = np.argsort(-chroma.mean(axis=0), kind="stable"), chroma.max(axis=0)
    relative = chroma / np.where(peak > _FAINT, peak, np.inf)
    rows = sound_to_image.pitch_rows(order, min(count, sound_to_image.PITCHES))
    levels = np.zeros((len(chroma), count))
    levels[:, : len(rows)] = _mean(relative[:, rows], _PITCH_S)
    presence, clear = np.minimum(levels.sum(axis=1), 1.0), levels**_CONTRAST
    return presence, clear * (presence / np.maximum(clear.sum(axis=1), np.finfo(float).tiny))[:, None]


def _mean(values: np.ndarray, over_s: float) -> np.ndarray:
    """A moving average of values [n] or [n, k]."""
    return moving_average(values.reshape(len(values), -1), _frames(over_s)).reshape(values.shape)


def _frames(seconds: float) -> int:
    return max(1, round(seconds * FEATURE_RATE))


def _read(rows: np.ndarray, position_s: float) -> np.ndarray | float:
    """Values [n] or [n, k] at a position, interpolated between moments; held before the first and after the last."""
    place = min(max(position_s * FEATURE_RATE, 0.0), len(rows) - 1.0)
    first = int(place)
    part = place - first
    return (1.0 - part) * rows[first] + part * rows[min(first + 1, len(rows) - 1)]
