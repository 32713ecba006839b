"""The streaming sketch on several machines: a Dask cluster samples, this process adds up.

This process finds the basis. Each task is a run of chunks, whose latent vectors come from the chunks' own random
streams (`ganspace.sampling`), and returns their sums (`ganspace.streaming.Sums`): 19 MB for conv0 at full size,
however many samples there are. Sums can be added in any order, so the result equals that of one machine up to rounding,
and a task whose worker dies is repeated by another.

Every worker needs this package, and the checkpoint in a folder of the same path; it is compared by checksum.
"""

import functools
import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core import families
from core.errors import MissingPackageError
from ganspace import analysis, files, sampling, streaming
from ganspace.components import Components
from ganspace.plan import Plan
from ganspace.sampling import NoteSampler

if TYPE_CHECKING:
    from gansynth.model import Model

log = logging.getLogger(__name__)

# Chunks in one task: enough to make up for sending the basis, few enough to lose one.
TASK_CHUNKS = 32
# Tasks submitted for each worker thread.
AHEAD = 2
# How many workers may die during a task before the task counts as failed.
RETRIES = 5


def compute_file(
    model: "Model", plan: Plan, path: Path, address: str, *, progress: analysis.Progress | None = None, **engine: str
) -> Components:
    """As `analysis.compute_file`, on the cluster whose scheduler has this address, such as tcp://10.0.0.5:8786.

    `engine`: what `core.families.load` takes, for the models of the workers.

    Raises:
        MissingPackageError: Dask is not installed (the extra "cluster").
        OSError: no scheduler answers, or the file cannot be written.
        ValueError: the plan does not fit the model or names another estimator, or a worker has another checkpoint.
    """
    files.check_suffix(path)
    if plan.estimator not in ("", "stream"):
        raise ValueError(
            f"--scheduler goes with --estimator stream, not {plan.estimator}: only sketches can be added up"
        )
    plan = replace(plan, estimator="stream")
    with _client(address) as client:
        log.info("%d workers at %s", len(client.scheduler_info()["workers"]), address)
        components = compute(model, plan, client, progress=progress, **engine)
    files.save(path, components)
    return components


def _client(address: str) -> Any:
    try:
        from distributed import Client
    except ModuleNotFoundError:
        raise MissingPackageError("--scheduler needs Dask: pip install 'hallu[cluster]'") from None
    return Client(address)


def compute(
    model: "Model", plan: Plan, client: Any, *, progress: analysis.Progress | None = None, **engine: str
) -> Components:
    """Find directions with the workers of a distributed.Client; `engine` as for `compute_file`."""
    sampler = analysis.sampler_of(model, plan)
    if not isinstance(sampler, NoteSampler):
        raise ValueError("--scheduler is for sound models; directions of image models are found on one machine")
    kept = plan.kept(sampler.size)
    basis = _basis(sampler, plan, streaming.width_for(sampler.size, kept, model.latent_size))
    steps = analysis.SampleCounter(progress, analysis.sample_count(sampler, plan))
    sums = streaming.empty(basis)
    for part in _parts(client, sampler, plan, basis, engine):
        sums += part
        steps.add(part.count)
    return analysis.finish(streaming.directions(basis, sums, kept), sampler, plan, steps)


def sums_of_chunks(
    folder: str,
    checksum: str,
    plan: Plan,
    pitch: int,
    center: np.ndarray,
    vectors: np.ndarray,
    chunks: range,
    **engine: str,
) -> streaming.Sums:
    """A worker's task.

    Raises:
        ValueError: the checkpoint in this machine's folder is another one, or the engine is not installed there.
    """
    if families.family_of(Path(folder), "sound").checksum(Path(folder)) != checksum:
        raise ValueError(f"{folder} contains another checkpoint on this worker")
    sampler = sampling.make(_model(folder, **engine), plan.layer, pitch, plan.seed, plan.batch_size)
    basis, sizes = streaming.Basis(center, vectors), sampling.chunk_sizes(plan.count)
    sums = streaming.empty(basis)
    for chunk in chunks:
        for samples in sampler.batches(sampler.latents(sampling.SAMPLES, chunk, sizes[chunk])):
            sums += streaming.sums_of(samples, basis)
    return sums


def _basis(sampler: NoteSampler, plan: Plan, width: int) -> streaming.Basis:
    """The basis that one machine would find: from the first samples."""
    wanted, pilot = streaming.pilot_count(sampler.size, width), []
    for chunk, count in enumerate(sampling.chunk_sizes(plan.count)):
        for samples in sampler.batches(sampler.latents(sampling.SAMPLES, chunk, count)):
            pilot.append(samples)
            if sum(map(len, pilot)) >= wanted:
                return streaming.find_basis(np.concatenate(pilot), width, np.random.default_rng(plan.seed))
    return streaming.find_basis(np.concatenate(pilot), width, np.random.default_rng(plan.seed))


def _parts(
    client: Any, sampler: NoteSampler, plan: Plan, basis: streaming.Basis, engine: Mapping[str, str]
) -> Iterator[streaming.Sums]:
    """The sums of all chunks, in the order in which workers finish them; only a few wait on the workers at a time."""
    from distributed import as_completed

    folder = sampler.model.folder.absolute()
    plan = replace(plan, layer=sampler.layer)
    fixed = (str(folder), sampler.checksum, plan, sampler.pitch, basis.center, basis.vectors)
    total = len(sampling.chunk_sizes(plan.count))
    tasks = [range(i, min(i + TASK_CHUNKS, total)) for i in range(0, total, TASK_CHUNKS)]
    ahead = AHEAD * max(1, sum(client.nthreads().values()))

    def submit(chunks: range) -> Any:
        return client.submit(sums_of_chunks, *fixed, chunks, **engine, pure=False, retries=RETRIES)

    running, waiting = as_completed([submit(chunks) for chunks in tasks[:ahead]]), iter(tasks[ahead:])
    for future in running:
        yield future.result()
        future.release()
        for chunks in islice(waiting, 1):
            running.add(submit(chunks))


@functools.lru_cache(maxsize=1)
def _model(folder: str, **engine: str) -> "Model":
    model: Model = families.load(folder, "sound", **engine)
    return model
