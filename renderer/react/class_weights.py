"""How much of each class is in each frame."""

import numpy as np

from core.latent.key_path import moving_average
from renderer import sound_to_image
from renderer.react.config import ClassesConfig
from renderer.react.curves import Curves
from renderer.react.tracks import Transitions


def class_weights(config: ClassesConfig, curves: Curves, starts: np.ndarray, count: int) -> np.ndarray:
    """Weights of `count` classes, float32 [frames, count]; each row has the sum 1.

    Args:
        config: what the classes follow.
        curves: of the song.
        starts: frames where its segments begin.
        count: of the classes; 0: none.
    """
    if not count:
        return np.zeros((curves.frames, 0), np.float32)
    make = {"segments": _of_segments, "weights": _of_weights, "path": _of_path}[config.follow]
    return make(config, curves, starts, count).astype(np.float32)


def _of_segments(config: ClassesConfig, curves: Curves, starts: np.ndarray, count: int) -> np.ndarray:
    length = max(1.0, config.transition_s * curves.fps)
    transitions = Transitions(starts, length, round(length / 2), ease=True)
    weights = np.zeros((curves.frames, count))
    for frame in range(curves.frames):
        before, after, part = transitions.position(frame)
        weights[frame, before % count] += 1.0 - part
        weights[frame, after % count] += part
    return weights


def _of_weights(config: ClassesConfig, curves: Curves, starts: np.ndarray, count: int) -> np.ndarray:
    """The strongest columns of a signal, averaged over a while."""
    levels = curves.columns("weights of classes", config.weights)
    strongest = levels[:, np.argsort(-levels.mean(axis=0), kind="stable")[:count]]
    weights = np.zeros((curves.frames, count))
    for frame, row in enumerate(strongest):
        weights[frame, : len(row)] = sound_to_image.class_weights(row, contrast=config.contrast)
    return moving_average(weights, max(1, round(config.smooth_s * curves.fps)))


def _of_path(config: ClassesConfig, curves: Curves, starts: np.ndarray, count: int) -> np.ndarray:
    """One class after the other, and the first again after the last; contrast shortens the mixture of two."""
    positions = curves.at("position of classes", config.position)
    whole = np.floor(positions)
    before, after = (1.0 - (positions - whole)) ** config.contrast, (positions - whole) ** config.contrast
    weights = np.zeros((curves.frames, count))
    rows, number = np.arange(curves.frames), whole.astype(int) % count
    np.add.at(weights, (rows, number), before / (before + after))
    np.add.at(weights, (rows, (number + 1) % count), after / (before + after))
    return weights
