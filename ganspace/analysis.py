"""Find the directions of a sound model or an image model: sample, estimate, follow the directions in z, find the means.

Work is counted in samples. It can be stopped at any time and continued: a state file holds the estimator's state and
the number of chunks it has seen. The same model and plan give the same directions, interrupted or not.
"""

import json
import logging
import os
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeGuard, cast

import numpy as np

from core.files import atomic
from core.formats.npz import read_npz
from core.progress import Progress
from core.protocols import ImageModel
from ganspace import estimators, files, image_sampling, sampling
from ganspace.components import Components, Latents
from ganspace.directions import EstimatedDirections
from ganspace.estimators import Estimator
from ganspace.image_sampling import ImageSampler
from ganspace.plan import Plan
from ganspace.sampler import LATENTS, SAMPLES, Sampler, chunk_sizes

if TYPE_CHECKING:
    from gansynth.model import Model

    AnyModel: TypeAlias = Model | ImageModel

log = logging.getLogger(__name__)

DEFAULT_LAYER, DEFAULT_PITCH = "conv0", 32
SAVE_EVERY_S = 20.0
# How many samples relate the directions to z.
LATENT_SAMPLES = 8192
# An image model's own directions: few samples, since each takes long on a large model; more directions than sliders.
OWN_IMAGES = Plan(count=2048, components=32)
_RIDGE = 1e-6


def compute(
    model: "AnyModel", plan: Plan, *, progress: Progress | None = None, state: Path | None = None
) -> Components:
    """Find directions.

    Args:
        model: the loaded GANSynth, or image model.
        plan: what to compute.
        progress: called with (samples done, samples in all); what it raises ends the work.
        state: a file to continue from and to keep the state in; the caller deletes it. None: no state is kept.

    Raises:
        ValueError: the plan does not fit the model.
    """
    plan = completed(model, plan)
    sampler = sampler_of(model, plan)
    estimator = estimators.make(plan, sampler.size, sampler.latent_size)
    values = "x".join(map(str, sampler.shape))
    log.info("%s of %s, %s values, %s", plan.chosen_estimator, sampler.layer, values, sampler.what)
    steps = SampleCounter(progress, sample_count(sampler, plan))
    _feed(estimator, sampler, plan, steps, state)
    log.info("estimating")
    return finish(estimator.directions(), sampler, plan, steps)


def compute_file(model: "AnyModel", plan: Plan, path: Path, *, progress: Progress | None = None) -> Components:
    """Find directions and write them to `path`; meanwhile a state file is kept beside it.

    Raises:
        ValueError: the plan does not fit the model, or the path's suffix is not one of a components file.
        OSError: a file cannot be written.
    """
    files.check_suffix(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    state = state_path(path)
    components = compute(model, plan, progress=progress, state=state)
    files.save(path, components)
    state.unlink(missing_ok=True)
    return components


def own_plan(model: "AnyModel") -> Plan:
    """How a model's own directions are found."""
    return OWN_IMAGES if makes_images(model) else Plan()


def completed(model: "AnyModel", plan: Plan) -> Plan:
    """The plan with what it leaves open for an image model.

    Directions are followed in z, on which the layer depends as linearly as possible; those of a mapped latent are its
    principal components, and move it, as in GANSpace (Haerkoenen et al. 2020).
    """
    if not makes_images(model):
        return plan
    mapped = chosen_layer(model, plan) == image_sampling.MAPPED
    estimator = plan.chosen_estimator if mapped else "linear"
    return replace(plan, estimator=plan.estimator or estimator, move=plan.move or ("layer" if mapped else "z"))


def own_file(model: "AnyModel") -> Path:
    """The path of a model's own components file: in its folder, named after the model and the layer."""
    return model_folder(model) / f"{model.name}_{chosen_layer(model, own_plan(model))}.npz"


def own(model: "AnyModel", *, progress: Progress | None = None) -> Components:
    """A model's own directions, from the file in its folder; if that is missing or outdated, they are found and saved.

    Raises:
        PermissionError: they have to be found, and the folder is not writable.
        ValueError: the file cannot be read.
    """
    path, plan = own_file(model), own_plan(model)
    if path.exists():
        kept = files.load(path)
        if kept.origin.checksum == sampler_of(model, plan).checksum:
            return kept
        log.info("%s was made from other weights; finding the directions again", path)
    if not os.access(path.parent, os.W_OK):
        raise PermissionError(f"{path} cannot be written: the folder is not writable; find the directions elsewhere")
    return compute_file(model, plan, path, progress=progress)


def makes_images(model: "AnyModel") -> TypeGuard[ImageModel]:
    """Whether a model is an image model: it has a number of classes, which may be 0, and no pitches."""
    return hasattr(model, "num_classes")


def model_folder(model: "AnyModel") -> Path:
    """Where a model was loaded from."""
    return Path(model.folder)


def chosen_layer(model: "AnyModel", plan: Plan) -> str:
    """The layer of a plan; where it names none, the default of the model."""
    return plan.layer or (model.default_layer if makes_images(model) else DEFAULT_LAYER)


def state_path(path: Path) -> Path:
    """Where the state of the work on `path` is kept."""
    return path.with_name(f".{path.name}.state.npz")


def finish(directions: EstimatedDirections, sampler: Sampler, plan: Plan, steps: "SampleCounter") -> Components:
    """Put together what a components file holds, from an estimator's result."""
    directions, shape = directions.signed(), sampler.shape
    latents = directions.latents
    if latents is None:
        log.info("relating the directions to z")
        latents = _latents(directions, sampler, plan, steps)
    known = sampler.means(directions.mean, plan.count, steps.add)
    found = Components(
        sampler.layer,
        plan.chosen_estimator,
        directions.vectors.astype(np.float32).reshape(-1, *shape),
        directions.stdev.astype(np.float64),
        directions.var_ratio.astype(np.float64),
        known.mean.astype(np.float32).reshape(shape),
        sampler.origin(plan.count),
        known.pitches,
        known.at_pitches.reshape(-1, *shape) if known.pitches else known.at_pitches,
        latents,
    )
    moves_z = isinstance(sampler, ImageSampler) and plan.move != "layer"
    return image_sampling.followed_in_z(found) if moves_z else found


class SampleCounter:
    """Count samples and report progress."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._done, self._total = progress or (lambda done, total: None), 0, total
        self._progress(0, total)

    def add(self, count: int) -> None:
        """Report `count` more samples."""
        self._done += count
        self._progress(self._done, self._total)


def sampler_of(model: "AnyModel", plan: Plan) -> Sampler:
    """The sampler that a plan asks for.

    Raises:
        ValueError: the model has no such layer, pitch or class, or the plan has settings of the other kind of model.
    """
    if makes_images(model):
        return image_sampling.make(model, plan)
    if plan.class_number is not None or plan.truncation != Plan.truncation or plan.move == "z":
        raise ValueError("class, truncation and move z are for image models, not for sound models")
    sound = cast("Model", model)
    pitch = sound.nearest_pitch(DEFAULT_PITCH) if plan.pitch is None else plan.pitch
    return sampling.make(sound, chosen_layer(model, plan), pitch, plan.seed, plan.batch_size)


def sample_count(sampler: Sampler, plan: Plan) -> int:
    """The number of samples in all steps."""
    return plan.count + latent_samples(plan) + sampler.mean_samples(plan.count)


def latent_samples(plan: Plan) -> int:
    """The number of samples that relate the directions to z: several times their number, if there are as many."""
    if plan.estimator == "linear":
        return 0
    return min(plan.count, max(LATENT_SAMPLES, 2 * plan.components))


def _feed(estimator: Estimator, sampler: Sampler, plan: Plan, steps: SampleCounter, state: Path | None) -> None:
    key = json.dumps([asdict(plan), sampler.layer, sampler.key, sampler.checksum])
    sizes = chunk_sizes(plan.count)
    first = _restored(estimator, state, key) if state else 0
    steps.add(sum(sizes[:first]))
    saved_s = time.monotonic()
    for chunk, count in enumerate(sizes[first:], first):
        for z, samples in sampler.samples(SAMPLES, chunk, count):
            estimator.add(samples, z)
        steps.add(count)
        if state and time.monotonic() - saved_s > SAVE_EVERY_S:
            _save_state(estimator, state, key, chunk + 1)
            saved_s = time.monotonic()


def _save_state(estimator: Estimator, path: Path, key: str, chunks: int) -> None:
    known = estimator.state()
    if known is None:
        return
    with atomic.replacing(path) as part, part.open("wb") as file:
        np.savez(file, **known, key=np.array(key), chunks=np.array(chunks))  # type: ignore[arg-type]


def _restored(estimator: Estimator, path: Path, key: str) -> int:
    """Restore the estimator's state; returns how many chunks it has seen."""
    if not path.exists():
        return 0
    try:
        known = read_npz(path)
        if str(known["key"]) != key:
            log.warning("%s belongs to another computation; starting from the beginning", path)
            return 0
        estimator.restore(known)
    except Exception as error:  # a broken file can raise anything
        log.warning("%s cannot be read, starting from the beginning: %s", path, error)
        return 0
    log.info("continuing from %s", path)
    return int(known["chunks"])


def _latents(directions: EstimatedDirections, sampler: Sampler, plan: Plan, steps: SampleCounter) -> Latents:
    """Directions in z, as GANSpace finds them: least squares from coordinates in standard deviations to z."""
    seen, scale = [], 1.0 / np.maximum(directions.stdev, 1e-6 * directions.stdev[0] + 1e-30)
    vectors = (directions.vectors * scale[:, None]).astype(np.float32)
    mean = directions.mean.astype(np.float32)
    for chunk, count in enumerate(chunk_sizes(latent_samples(plan))):
        for z, samples in sampler.samples(LATENTS, chunk, count):
            seen.append((np.subtract(samples, mean, out=samples) @ vectors.T, z))
        steps.add(count)
    x, z = (np.concatenate(parts).astype(np.float64) for parts in zip(*seen, strict=True))
    found = np.linalg.solve(x.T @ x + _RIDGE * len(x) * np.eye(x.shape[1]), x.T @ z)
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    found = np.divide(found, lengths, out=np.zeros_like(found), where=lengths > 0)
    kept = (found, z.mean(axis=0), (z @ found.T).std(axis=0))
    return Latents(*(values.astype(np.float32) for values in kept))
