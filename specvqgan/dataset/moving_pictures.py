"""Moving pictures of image models: closed paths through their latent vectors, rendered once; clips are made of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from core.progress import Progress, ignore
from core.protocols import ImageModel
from specvqgan.features import thumbnails

# Latent vectors that a path goes through, and pictures from one to the next.
_CORNERS, _STEPS = 3, 8
PATH = _CORNERS * _STEPS
_TRUNCATION = 0.9


@dataclass(frozen=True)
class PictureBank:
    """Pictures of the classes of some image models.

    Attributes:
        names: of the classes, [c].
        paths: uint8 [c, paths, PATH, SIZE, SIZE, 3]; each path ends where it begins.
    """

    names: tuple[str, ...]
    paths: np.ndarray


def render(models: Sequence[ImageModel], paths: int, seed: int, progress: Progress = ignore) -> PictureBank:
    """Render `paths` paths through each class of the models.

    Raises:
        ValueError: a model has no classes.
    """
    total = paths * sum(model.num_classes for model in models)
    names, found, done = [], [], 0
    for number, model in enumerate(models):
        if not model.num_classes:
            raise ValueError(f"the image model {model.name} has no classes, which the sounds follow")
        for label, name in enumerate(model.class_names):
            rows = []
            for path in range(paths):
                progress(done, total)
                rows.append(_path(model, label, np.random.default_rng([seed, number, label, path])))
                done += 1
            names.append(name)
            found.append(np.stack(rows))
    progress(total, total)
    return PictureBank(tuple(names), np.stack(found))


def _path(model: ImageModel, label: int, rng: np.random.Generator) -> np.ndarray:
    corners = model.draw(rng, _CORNERS, _TRUNCATION)
    share = np.arange(_STEPS, dtype=np.float32)[:, None] / _STEPS
    z = np.concatenate([_between(corners[k], corners[(k + 1) % _CORNERS], share) for k in range(_CORNERS)])
    classes = np.eye(model.num_classes, dtype=np.float32)[np.full(len(z), label)]
    frames = model.render(z.astype(np.float32), classes, _TRUNCATION)
    return np.stack([thumbnails.thumbnail(frame) for frame in frames])


def _between(start: np.ndarray, end: np.ndarray, share: np.ndarray) -> np.ndarray:
    """From one latent vector to another, as long as both are on the way."""
    mixed = (1 - share) * start + share * end
    length = (1 - share) * np.linalg.norm(start) + share * np.linalg.norm(end)
    return mixed * (length / np.maximum(np.linalg.norm(mixed, axis=1, keepdims=True), 1e-6))


def at(path: np.ndarray, place: float) -> np.ndarray:
    """The picture at a place of a path [PATH, ...], between its pictures in proportion: uint8."""
    low = int(np.floor(place))
    share = place - low
    first, second = path[low % len(path)], path[(low + 1) % len(path)]
    if not share:
        return first
    return np.round(first * (1 - share) + second * share).astype(np.uint8)


# What a shot does: (frames, random numbers) -> for each frame, whether it jumps, and how far it moves along its path.
Motion = Callable[[int, np.random.Generator], Iterator[tuple[bool, float]]]


def _still(count: int, rng: np.random.Generator) -> Iterator[tuple[bool, float]]:
    """Stand still."""
    for _ in range(count):
        yield False, 0.0


def _slow(count: int, rng: np.random.Generator) -> Iterator[tuple[bool, float]]:
    """Move slowly and evenly."""
    step = rng.uniform(0.1, 0.5)
    for _ in range(count):
        yield False, step


def _fast(count: int, rng: np.random.Generator) -> Iterator[tuple[bool, float]]:
    """Move fast and evenly."""
    step = rng.uniform(0.6, 1.6)
    for _ in range(count):
        yield False, step


def _beat(count: int, rng: np.random.Generator) -> Iterator[tuple[bool, float]]:
    """Jump to a beat."""
    period, phase = rng.uniform(3, 11), rng.uniform(0, 8)
    step = rng.choice((0.0, 0.0, rng.uniform(0, 0.2)))
    for number in range(count):
        yield number > 0 and (number + phase) % period < 1, step


def _jumps(count: int, rng: np.random.Generator) -> Iterator[tuple[bool, float]]:
    """Jump at random."""
    step = rng.choice((0.0, 0.0, rng.uniform(0, 0.2)))
    wait = rng.integers(3, 16)
    for number in range(count):
        wait -= 1
        if number > 0 and wait <= 0:
            wait = rng.integers(3, 16)
            yield True, step
        else:
            yield False, step


MOTIONS: dict[str, tuple[Motion, float]] = {
    "still": (_still, 0.1), "slow": (_slow, 0.15), "fast": (_fast, 0.15), "beat": (_beat, 0.3), "jumps": (_jumps, 0.3),
}  # fmt: skip
