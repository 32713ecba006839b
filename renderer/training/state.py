"""What a run consists of at one moment: everything that has to be saved for it to go on as if unbroken."""

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from keras import ops

from core.files import atomic
from core.nn import spectral_norm
from renderer.training import discriminator, generator
from renderer.training.hparams import Hparams

Tree = dict[str, Any]
LATENTS = ("latent/mean", "latent/log_deviation")
# Learned latents begin as points of a normal distribution, each with a cloud around it.
LATENT_DEVIATION = 0.3
VERSION = 1
KEPT = 2


@dataclass
class State:
    """`tree`: dicts of arrays or tensors by name; `images` seen; `size` in pixels of the last pictures made.

    The tree's branches are "generator", "discriminator", "average" (the moving average of the generator, which plays),
    "latents" (of a warm start), "generator_vectors" and "discriminator_vectors" (of spectral norm), "moving" (moments
    of batch norm), "generator_adam" and "discriminator_adam" ("m", "v" and "steps").
    """

    tree: Tree
    images: int = 0
    size: int = 0


def initial(hparams: Hparams, classes: int, latents: int, rng: np.random.Generator) -> State:
    """A run before its first image; `latents` is how many the warm start learns."""
    made, judge = generator.initial(hparams, classes, rng), discriminator.initial(hparams, classes, rng)
    tree: Tree = {
        "generator": made,
        "discriminator": judge,
        "average": {name: value.copy() for name, value in made.items()},
        "latents": _latents(hparams, latents, rng),
        "generator_vectors": spectral_norm.first_vectors(made, generator.spectral(made, hparams.normed_conditions)),
        "discriminator_vectors": spectral_norm.first_vectors(judge, discriminator.spectral(judge)),
        "moving": {name: np.stack([np.zeros(n, np.float32), np.ones(n, np.float32)]) for name, n in _norms(made)},
    }
    return State(rested(tree))


def rested(tree: Tree) -> Tree:
    """The tree with Adam's moments at zero, as at the start of each size."""

    def still(weights: Mapping[str, Any]) -> Tree:
        zeros = {name: np.zeros(value.shape, np.float32) for name, value in weights.items()}
        return {"m": zeros, "v": dict(zeros), "steps": np.zeros((), np.float32)}

    return tree | {
        "generator_adam": still(tree["generator"] | tree["latents"]),
        "discriminator_adam": still(tree["discriminator"]),
    }


def to_tensors(tree: Tree) -> Tree:
    """Arrays -> the backend's tensors."""
    return {key: to_tensors(value) if isinstance(value, dict) else _tensor(value) for key, value in tree.items()}


def to_arrays(tree: Tree) -> Tree:
    """Tensors -> arrays."""
    return {key: to_arrays(value) if isinstance(value, dict) else _array(value) for key, value in tree.items()}


def save(folder: Path, state: State) -> Path:
    """Write save-IMAGES.npz into a run folder, whole or not at all, and remove all but the last few.

    Returns:
        Its path.
    """
    path = folder / f"save-{state.images:09d}.npz"
    counters = {"version": VERSION, "images": state.images, "size": state.size}
    arrays: dict[str, Any] = _flat(to_arrays(state.tree)) | {
        name: np.asarray(value) for name, value in counters.items()
    }
    with atomic.replacing(path, sync=True) as part, part.open("wb") as file:
        np.savez(file, **arrays)
    for old in saves(folder)[:-KEPT]:
        old.unlink()
    return path


def saves(folder: Path) -> list[Path]:
    """The saves of a run folder, the oldest first."""
    return sorted(folder.glob("save-*.npz"))


def restore(folder: Path, hparams: Hparams, classes: int, latents: int) -> State:
    """The latest save of a run.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is damaged or belongs to a run of another shape.
    """
    found = saves(folder)
    if not found:
        raise FileNotFoundError(f"{folder} has no save-*.npz; there is no run to go on with")
    try:
        with np.load(found[-1], allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{found[-1]} is damaged ({error}); delete it to go on from the save before") from None
    if arrays.pop("version", None) != VERSION:
        raise ValueError(f"{found[-1]} is no save of this version of the trainer")
    images, size = int(arrays.pop("images")), int(arrays.pop("size"))
    expected = _flat(initial(hparams, classes, latents, np.random.default_rng(0)).tree)
    for name in sorted(set(expected) | set(arrays)):
        if name not in arrays or name not in expected or arrays[name].shape != expected[name].shape:
            raise ValueError(f"{found[-1]} does not fit this run: {name} is missing, unknown or of another shape")
    return State(_nested(arrays), images, size)


def _latents(hparams: Hparams, count: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    if not count:
        return {}
    shape = (count, hparams.z_dim)
    means = np.float32(np.sqrt(1 - LATENT_DEVIATION**2)) * rng.standard_normal(shape, np.float32)
    return dict(zip(LATENTS, (means, np.full(shape, np.log(LATENT_DEVIATION), np.float32)), strict=True))


def _norms(weights: Mapping[str, np.ndarray]) -> list[tuple[str, int]]:
    """Name and channels of each batch norm."""
    scales = [(name.removesuffix(".scale.weight"), name) for name in weights if name.endswith(".scale.weight")]
    plain = [(name.removesuffix(".weight"), name) for name in weights if name.endswith(".bn.weight")]
    return [(norm, weights[name].shape[-1]) for norm, name in scales + plain]


def _flat(tree: Tree, before: str = "") -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    for key, value in tree.items():
        found |= _flat(value, f"{before}{key}|") if isinstance(value, dict) else {before + key: value}
    return found


def _nested(arrays: Mapping[str, np.ndarray]) -> Tree:
    tree: Tree = {"latents": {}}
    for name, value in arrays.items():
        *branches, leaf = name.split("|")
        place = tree
        for branch in branches:
            place = place.setdefault(branch, {})
        place[leaf] = value
    return tree


def _tensor(value: Any) -> Any:
    return ops.convert_to_tensor(value)


def _array(value: Any) -> np.ndarray:
    return np.asarray(ops.convert_to_numpy(value))
