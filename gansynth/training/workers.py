"""Where GANSynth's training steps run: on one device, or in parallel on several GPUs or machines.

In parallel, each worker has its part of every batch and the same weights. Gradients are averaged over all workers, and
so is the discriminator's batch statistic, so that the result is that of one worker with the whole batch.
"""

import json
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import keras
import numpy as np

from core.nn.backend import compiled, is_jax
from core.training.trees import Batch, Tree
from gansynth.training import steps
from gansynth.training.step_plan import SoundStepPlan

log = logging.getLogger(__name__)
CompiledStep = Callable[[Tree, Batch], tuple[Tree, Any]]


@dataclass(frozen=True)
class Steps:
    """The compiled steps of a stage: (tensors, batch) -> (tensors, losses)."""

    pretraining: CompiledStep
    generator: CompiledStep
    discriminator: CompiledStep
    discriminator_with_penalty: CompiledStep


class Workers:
    """One worker: on one device, or on JAX on all that this process has."""

    chief = True

    @property
    def on_device(self) -> bool:
        """Whether several steps run in a call, on data that lies on the device."""
        return is_jax()

    def steps(self, plan: SoundStepPlan) -> Steps:
        """The steps of a stage."""
        return Steps(
            self._step(plan, steps.pretraining_step),
            self._step(plan, steps.generator_step),
            self._step(plan, partial(steps.discriminator_step, with_penalty=False)),
            self._step(plan, partial(steps.discriminator_step, with_penalty=True)),
        )

    def _step(self, plan: SoundStepPlan, step: Callable[..., tuple[Tree, Any]]) -> CompiledStep:
        return compiled(partial(step, plan))

    def spread(self, tensors: Tree) -> Tree:
        """Give a run's tensors to all workers, as the steps take them."""
        return tensors

    def local(self, tensors: Tree) -> Tree:
        """Tensors of a run that this process can read."""
        return tensors

    def check(self, images: int, size: int) -> None:
        """Check that all workers have seen the same number of images, and can divide a batch of `size`.

        Raises:
            ValueError: they have not, or cannot.
        """


class Distributed(Workers):
    """The workers of a tf.distribute strategy; one or more of them are in this process."""

    def __init__(self, strategy: Any) -> None:
        self._strategy = strategy
        self._count = strategy.num_replicas_in_sync
        task = json.loads(os.environ.get("TF_CONFIG", "{}")).get("task", {})
        self.chief = task.get("type", "chief") == "chief" or task.get("index") == 0
        log.info("training with %d workers", self._count)

    def _step(self, plan: SoundStepPlan, step: Callable[..., tuple[Tree, Any]]) -> CompiledStep:
        import tensorflow as tf

        body = partial(step, replace(plan, mean_over_workers=_mean_over_workers))
        run = tf.function(lambda tensors, part: self._strategy.run(body, args=(tensors, part)), autograph=False)

        def spread_and_run(tensors: Tree, batch: Batch) -> tuple[Tree, Any]:
            tensors, losses = run(tensors, self._each(lambda worker: self._part(batch, worker)))
            return tensors, self.local(losses)

        return spread_and_run

    def _part(self, batch: Batch, worker: int) -> Batch:
        """A worker's share of the batch; scalars go to all."""
        return {
            name: np.array_split(value, self._count)[worker] if np.ndim(value) else value
            for name, value in batch.items()
        }

    def spread(self, tensors: Tree) -> Tree:
        """The same tensors for each worker."""
        return self._each(lambda worker: tensors)

    def _each(self, values_of: Callable[[int], Any]) -> Any:
        """The values of each worker, leaf by leaf, as the strategy takes them."""
        import tensorflow as tf

        def leaf(place: int) -> Any:
            return self._strategy.experimental_distribute_values_from_function(
                lambda context: tf.convert_to_tensor(
                    tf.nest.flatten(values_of(context.replica_id_in_sync_group))[place]
                )
            )

        structure = values_of(0)
        return tf.nest.pack_sequence_as(structure, [leaf(i) for i in range(len(tf.nest.flatten(structure)))])

    def local(self, tensors: Tree) -> Tree:
        """This process's first copy."""
        import tensorflow as tf

        return tf.nest.map_structure(lambda value: self._strategy.experimental_local_results(value)[0], tensors)

    def check(self, images: int, size: int) -> None:
        """See Workers."""
        import tensorflow as tf

        if size % self._count:
            raise ValueError(
                f"a batch of {size} cannot be divided among {self._count} workers; see batch_size_schedule"
            )
        own = tf.constant(float(images))
        compare = tf.function(lambda: self._strategy.run(lambda: tf.abs(_mean_over_workers(own) - own)))
        if float(self.local({"difference": compare()})["difference"]) > 0:
            raise ValueError(
                f"this worker starts after {images} images, another one does not; "
                "train_root_dir must be one folder that all of them share"
            )


def available() -> Workers:
    """The available workers: those that TF_CONFIG names, else the GPUs of this machine, else one.

    Raises:
        RuntimeError: TF_CONFIG is set, but training does not run on TensorFlow.
    """
    cluster = json.loads(os.environ.get("TF_CONFIG", "{}")).get("cluster", {})
    if keras.backend.backend() != "tensorflow":
        if cluster:
            raise RuntimeError("TF_CONFIG is set, but several machines need KERAS_BACKEND=tensorflow")
        return Workers()
    import tensorflow as tf

    if sum(len(addresses) for addresses in cluster.values()) > 1:
        return Distributed(tf.distribute.MultiWorkerMirroredStrategy())
    if len(tf.config.list_logical_devices("GPU")) > 1:
        return Distributed(tf.distribute.MirroredStrategy())
    return Workers()


def _mean_over_workers(value: Any) -> Any:
    import tensorflow as tf

    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.MEAN, value)
