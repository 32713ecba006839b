"""Clips for training: what is shown, frame by frame, and the sound that belongs to it by the rule."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from specvqgan.dataset import moving_pictures, rule
from specvqgan.dataset.moving_pictures import MOTIONS, PictureBank
from specvqgan.dataset.note_bank import NoteBank
from specvqgan.features import frame_features

# How often a clip has a cut to another class, and how often it goes dark.
_CUTS, _DARK = 0.3, 0.08


@dataclass(frozen=True)
class Clip:
    """A clip.

    Attributes:
        frames: uint8 [n, SIZE, SIZE, 3].
        features: float32 [n, DEPTH].
        notes: by the rule.
        family: of its longest shot, a row of `rule.FAMILIES`.
        motion: how its longest shot moves.
        picture: the class of the pictures of its longest shot.
    """

    frames: np.ndarray
    features: np.ndarray
    notes: list[rule.Note]
    family: int
    motion: str
    picture: str


def clip(bank: PictureBank, paths: range, frames: int, rng: np.random.Generator, asked: int | None = None) -> Clip:
    """A random clip of so many frames, from some of the bank's paths; with the sound of a family that is asked for."""
    shots = list(_shots(bank, paths, frames, rng))
    pictures = np.concatenate([shot.frames for shot in shots])
    pictures = np.round(pictures * _gain(frames, rng)[:, None, None, None]).clip(0, 255).astype(np.uint8)
    families = [shot.family if asked is None else asked for shot in shots for _ in shot.frames]
    variants = [shot.variant for shot in shots for _ in shot.frames]
    features = frame_features.measure(pictures)
    longest = max(shots, key=lambda shot: len(shot.frames))
    notes = rule.notes(features, families, variants)
    family = longest.family if asked is None else asked
    return Clip(pictures, features, notes, family, longest.motion, bank.names[longest.label])


def wave(one: Clip, notes: NoteBank, rate: float, samples: int) -> np.ndarray:
    """The sound of a clip, float32 [samples].

    Args:
        one: the clip.
        notes: the instruments.
        rate: frames in a second.
        samples: of the sound.
    """
    found = np.zeros(samples, np.float32)
    starts = [round(note.start / rate * notes.sample_rate) for note in one.notes]
    for note, start, end in zip(one.notes, starts, [*starts, samples][1:], strict=True):
        sound = note.strength * notes.note(note.family, note.variant, note.hue, note.light)
        released = _released(sound, end - start, notes.sample_rate)[: samples - start]
        found[start : start + len(released)] += released
    return found


@dataclass(frozen=True)
class _Shot:
    frames: np.ndarray
    label: int
    family: int
    variant: int
    motion: str


def _shots(bank: PictureBank, paths: range, frames: int, rng: np.random.Generator) -> Iterator[_Shot]:
    """One or two shots."""
    cut = int(rng.integers(frames // 4, frames - frames // 4)) if rng.random() < _CUTS else frames
    for count in filter(None, (cut, frames - cut)):
        label = int(rng.integers(len(bank.names)))
        motion = str(rng.choice(list(MOTIONS), p=[share for _, share in MOTIONS.values()]))
        family = rule.family_of_class(bank.names[label], label)
        yield _Shot(_filmed(bank.paths[label], paths, motion, count, rng), label, family, label % 2, motion)


def _filmed(pictures: np.ndarray, paths: range, motion: str, count: int, rng: np.random.Generator) -> np.ndarray:
    """The frames of a shot: along a path, from which it jumps to others."""
    path, place = pictures[rng.choice(paths)], rng.uniform(0, moving_pictures.PATH)
    mirrored, found = rng.random() < 0.5, []
    for jumps, step in MOTIONS[motion][0](count, rng):
        if jumps:
            path, place = pictures[rng.choice(paths)], rng.uniform(0, moving_pictures.PATH)
        found.append(moving_pictures.at(path, place))
        place += step
    frames = np.stack(found)
    return frames[:, :, ::-1] if mirrored else frames


def _gain(frames: int, rng: np.random.Generator) -> np.ndarray:
    """Brightness over time [frames]: constant, or from one to another; some clips are black at an end."""
    first = rng.uniform(0.4, 1.3)
    last = first if rng.random() < 0.6 else rng.uniform(0.4, 1.3)
    gain = np.linspace(first, last, frames)
    if rng.random() < _DARK:
        dark = int(rng.integers(frames // 5, frames // 2))
        gain[:dark] = 0.0
        gain = gain[::-1] if rng.random() < 0.5 else gain
    return gain


def _released(sound: np.ndarray, length: int, sample_rate: int) -> np.ndarray:
    """A note that ends when the next one begins, with a release."""
    release = int(0.12 * sample_rate)
    part = sound[: length + release].copy()
    if len(part) > length:
        part[length:] *= np.linspace(1, 0, release)[: len(part) - length]
    return part
