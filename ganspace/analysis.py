"""From a model to its directions: sample, estimate, look back at z, compare the pitches.

The work is counted in samples. It can be stopped at any time and taken up where it was: a state file holds what the
estimator knows and how many chunks it has seen. Same model, same plan: same directions, killed in between or not.
"""

import json
import logging
import os
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ganspace import estimators, files, sampling
from ganspace.components import Components, Latents, Origin
from ganspace.directions import Directions
from ganspace.estimators import Estimator
from ganspace.plan import Plan
from ganspace.sampling import Sampler

if TYPE_CHECKING:
    from gansynth.model import Model

log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
DEFAULT_PITCH = 32
SAVE_EVERY_S = 20.0
# How many samples relate the directions to z; how many give each pitch's mean, and how large these may be together.
LATENT_SAMPLES, PITCH_SAMPLES, PITCH_BYTES = 8192, (32, 512), 2**28
_RIDGE = 1e-6


def compute(model: "Model", plan: Plan, *, progress: Progress | None = None, state: Path | None = None) -> Components:
    """Find directions.

    Args:
        model: the loaded GANSynth.
        plan: what to compute.
        progress: called with (samples done, samples in all); what it raises ends the work.
        state: a file to go on from, and to keep the state in; the caller deletes it. None: no state is kept.

    Raises:
        ValueError: the plan does not fit the model.
    """
    sampler = sampler_of(model, plan)
    estimator = estimators.make(plan, sampler.size, model.latent_size)
    log.info(
        "%s of %s, %s values, at pitch %d",
        plan.chosen_estimator,
        plan.layer,
        "x".join(map(str, sampler.shape)),
        sampler.pitch,
    )
    steps = Steps(progress, sample_count(sampler, plan))
    _feed(estimator, sampler, plan, steps, state)
    log.info("estimating")
    return finish(estimator.directions(), sampler, plan, steps)


def compute_file(model: "Model", plan: Plan, path: Path, *, progress: Progress | None = None) -> Components:
    """Find directions and write them to `path`; a state file lies beside it meanwhile.

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


def own_file(model: "Model") -> Path:
    """Where a checkpoint's own components file lies: beside it."""
    return Path(model.config.folder) / f"{model.name}_{Plan.layer}.npz"


def own(model: "Model", *, progress: Progress | None = None) -> Components:
    """A checkpoint's own directions, from the file beside it; found and kept there when it is not there or of others.

    Raises:
        PermissionError: they have to be found, and the folder takes no files.
        ValueError: the file cannot be read.
    """
    path = own_file(model)
    if path.exists():
        kept = files.load(path)
        if kept.origin.checksum == files.checksum(path.parent):
            return kept
        log.info("%s is of other weights; finding the directions anew", path)
    if not os.access(path.parent, os.W_OK):
        raise PermissionError(f"{path} cannot be written: the folder takes no files; find directions elsewhere")
    return compute_file(model, Plan(), path, progress=progress)


def state_path(path: Path) -> Path:
    """Where the state of the work on `path` is kept."""
    return path.with_name(f".{path.name}.state.npz")


def finish(directions: Directions, sampler: Sampler, plan: Plan, steps: "Steps") -> Components:
    """What a components file holds, from an estimator's result."""
    directions = directions.signed()
    model, shape = sampler.model, sampler.shape
    log.info("relating the directions to z")
    latents = _latents(directions, sampler, plan, steps)
    pitches, means = _pitch_means(directions.mean, sampler, plan, steps)
    return Components(
        plan.layer,
        plan.chosen_estimator,
        directions.vectors.astype(np.float32).reshape(-1, *shape),
        directions.stdev.astype(np.float64),
        directions.var_ratio.astype(np.float64),
        directions.mean.astype(np.float32).reshape(shape),
        Origin(model.name, files.checksum(model.config.folder), sampler.pitch, plan.seed, plan.count),
        pitches,
        means,
        latents,
    )


class Steps:
    """Counts samples and reports them."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._done, self._total = progress or (lambda done, total: None), 0, total
        self._progress(0, total)

    def add(self, count: int) -> None:
        """So many more are done."""
        self._done += count
        self._progress(self._done, self._total)


def sampler_of(model: "Model", plan: Plan) -> Sampler:
    """The sampler that a plan asks for.

    Raises:
        ValueError: the model has no such layer or pitch.
    """
    pitch = model.nearest_pitch(DEFAULT_PITCH) if plan.pitch is None else plan.pitch
    return sampling.make(model, plan.layer, pitch, plan.seed, plan.batch_size)


def sample_count(sampler: Sampler, plan: Plan) -> int:
    """How many samples all steps take together."""
    return plan.count + latent_samples(plan) + pitch_samples(sampler, plan) * len(sampler.model.pitches)


def latent_samples(plan: Plan) -> int:
    """How many samples relate the directions to z: several times their number where there are so many."""
    return min(plan.count, max(LATENT_SAMPLES, 2 * plan.components))


def pitch_samples(sampler: Sampler, plan: Plan) -> int:
    """How many samples give the mean of each pitch: fewer of a large layer, 0 where the means would be too large."""
    if 4 * sampler.size * len(sampler.model.pitches) > PITCH_BYTES:
        return 0
    return max(PITCH_SAMPLES[0], min(PITCH_SAMPLES[1], 2**21 // sampler.size, plan.count // 8))


def _feed(estimator: Estimator, sampler: Sampler, plan: Plan, steps: Steps, state: Path | None) -> None:
    key = json.dumps([asdict(plan), sampler.pitch, files.checksum(sampler.model.config.folder)])
    sizes = sampling.chunk_sizes(plan.count)
    first = _restored(estimator, state, key) if state else 0
    steps.add(sum(sizes[:first]))
    saved_s = time.monotonic()
    for chunk, count in enumerate(sizes[first:], first):
        for samples in sampler.batches(sampler.latents(sampling.SAMPLES, chunk, count)):
            estimator.add(samples)
        steps.add(count)
        if state and time.monotonic() - saved_s > SAVE_EVERY_S:
            _save_state(estimator, state, key, chunk + 1)
            saved_s = time.monotonic()


def _save_state(estimator: Estimator, path: Path, key: str, chunks: int) -> None:
    known = estimator.state()
    if known is None:
        return
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as file:
        np.savez(file, **known, key=np.array(key), chunks=np.array(chunks))  # type: ignore[arg-type]
    part.replace(path)


def _restored(estimator: Estimator, path: Path, key: str) -> int:
    """How many chunks the estimator has seen already, after taking up its state."""
    if not path.exists():
        return 0
    try:
        with np.load(path, allow_pickle=False) as file:
            known = dict(file)
        if str(known["key"]) != key:
            log.warning("%s is of other work; starting from the beginning", path)
            return 0
        estimator.restore(known)
    except Exception as error:  # a broken file can raise anything
        log.warning("%s cannot be read, starting from the beginning: %s", path, error)
        return 0
    log.info("going on from %s", path)
    return int(known["chunks"])


def _latents(directions: Directions, sampler: Sampler, plan: Plan, steps: Steps) -> Latents:
    """Directions in z, as GANSpace finds them: least squares from coordinates in standard deviations to z."""
    seen, scale = [], 1.0 / np.maximum(directions.stdev, 1e-6 * directions.stdev[0] + 1e-30)
    vectors = (directions.vectors * scale[:, None]).astype(np.float32)
    mean = directions.mean.astype(np.float32)
    for chunk, count in enumerate(sampling.chunk_sizes(latent_samples(plan))):
        z = sampler.latents(sampling.LATENTS, chunk, count)
        coordinates = [(samples - mean) @ vectors.T for samples in sampler.batches(z)]
        seen.append((np.concatenate(coordinates), z))
        steps.add(count)
    x, z = (np.concatenate(parts).astype(np.float64) for parts in zip(*seen, strict=True))
    found = np.linalg.solve(x.T @ x + _RIDGE * len(x) * np.eye(x.shape[1]), x.T @ z)
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    found = np.divide(found, lengths, out=np.zeros_like(found), where=lengths > 0)
    kept = (found, z.mean(axis=0), (z @ found.T).std(axis=0))
    return Latents(*(values.astype(np.float32) for values in kept))


def _pitch_means(mean: np.ndarray, sampler: Sampler, plan: Plan, steps: Steps) -> tuple[tuple[int, ...], np.ndarray]:
    """The mean at each pitch: the whole mean, and by how much the same few z differ between there and here."""
    count, pitches = pitch_samples(sampler, plan), sampler.model.pitches
    if not count:
        log.warning("%s is too large to keep a mean for each pitch; coordinates will ignore the pitch", sampler.layer)
        return (), np.zeros(0, np.float32)
    log.info("comparing %d pitches", len(pitches))
    z = sampler.latents(sampling.PITCHES, 0, count)
    sums = {}
    for pitch in pitches:
        parts = (z[i : i + sampler.batch_size] for i in range(0, count, sampler.batch_size))
        sums[pitch] = sum(sampler.activations(part, pitch).sum(axis=0, dtype=np.float64) for part in parts)
        steps.add(count)
    means = np.stack([mean + (sums[pitch] - sums[sampler.pitch]) / count for pitch in pitches])
    return tuple(pitches), means.astype(np.float32).reshape(-1, *sampler.shape)
