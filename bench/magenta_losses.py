"""What Magenta computes in a training step, number by number, for tests/test_magenta_losses.py.

Runs in Magenta's environment, as magenta_side.py does:

    python -m bench.magenta_losses FOLDER    FOLDER holds experiment.json, meta.json and data.tfrecord; leaves
                                             FOLDER/stage_3.npz (a block fades in) and FOLDER/stage_4.npz (none does)

Each holds one run of Magenta's training graph: what went in, what came out, every gradient, and some variables after
each train op has run once on the same numbers. Names that begin with "before/", "generator_gradient/",
"discriminator_gradient/" or "after/" are followed by a variable's.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf
from magenta.models.gansynth.lib import flags, model

from bench import magenta_side  # noqa: F401  (replaces Magenta's dataset by the folder's)

SEED = 3
# Stage -> image counter; with 1000 images a stage, the third block has faded in by 30 % in the first.
COUNTERS = {3: 3300, 4: 4500}
# What Adam remembers of earlier steps. With zeros a step would only tell the gradients' signs.
M, V = 1e-3, 1e-4
# Variables whose values after a step are kept.
FOLLOWED = ("block_1/conv0/", "block_2/conv1/", "block_3/to_rgb/", "block_3/from_rgb/", "logits/")


def prepare(instance: model.Model, stage: int) -> None:
    """Random weights, random biases too, and an Adam in motion."""
    rng, session = np.random.RandomState(SEED), instance.sess
    session.run([tf.global_variables_initializer(), *tf.get_collection(tf.GraphKeys.TABLE_INITIALIZERS)])
    for variable in tf.trainable_variables():
        values = rng.standard_normal(variable.shape.as_list())
        variable.load(0.2 * values if variable.op.name.endswith("bias") else values, session)
    for variable in tf.global_variables():
        if variable.op.name.endswith(("/Adam", "/Adam_1")):
            size = M if variable.op.name.endswith("/Adam") else V
            variable.load(np.full(variable.shape.as_list(), size), session)
        if variable.op.name.endswith("/ExponentialMovingAverage"):
            variable.load(np.zeros(variable.shape.as_list()), session)
    instance.current_image_id.load(COUNTERS[stage], session)


def operation(kind: str, part: str) -> tf.Tensor:
    """The first output of the only operation of a kind under a name."""
    (found,) = [op for op in tf.get_default_graph().get_operations() if op.type == kind and part in op.name]
    return found.outputs[0]


def fetches(instance: model.Model) -> dict[str, tf.Tensor]:
    """What one run of the graph is asked for."""
    gan, total = instance.gan_model, instance.gan_loss
    (penalty,) = [loss for loss in tf.get_collection(tf.GraphKeys.LOSSES) if "gradient_penalty" in loss.name]
    asked = {
        "raw": operation("IteratorGetNext", "inputs"),
        "real": gan.real_data,
        "real_labels": instance.real_one_hot_labels,
        "z": gan.generator_inputs[0],
        "z_labels": gan.generator_inputs[1],
        "mix": operation("RandomUniform", "wasserstein_gradient_penalty"),
        "fake": gan.generated_data,
        "progress": instance.progress,
        "real_scores": gan.discriminator_real_outputs,
        "fake_scores": gan.discriminator_gen_outputs,
        "real_label_loss": instance.real_ac_loss,
        "fake_label_loss": instance.fake_ac_loss,
        "gradient_penalty": penalty,
        "generator_loss": total.generator_loss,
        "discriminator_loss": total.discriminator_loss,
    }
    for network, loss, variables in (
        ("generator", total.generator_loss, gan.generator_variables),
        ("discriminator", total.discriminator_loss, gan.discriminator_variables),
    ):
        for variable, gradient in zip(variables, tf.gradients(loss, variables)):  # noqa: B905 (Python 3.8)
            asked["before/" + variable.op.name] = variable
            # A block that is not heard has none.
            asked[network + "_gradient/" + variable.op.name] = tf.zeros_like(variable) if gradient is None else gradient
    return asked


def run(folder: Path, stage: int) -> dict[str, Any]:
    """The graph of a stage, once for its numbers and once for each train op, fed with the same."""
    tf.reset_default_graph()
    tf.set_random_seed(SEED)
    settings = flags.Flags(dict(json.loads((folder / "experiment.json").read_text()), train_root_dir=str(folder)))
    model.set_flags(settings)
    instance = model.Model(stage, settings["batch_size_schedule"][0], settings)
    asked = fetches(instance)
    prepare(instance, stage)
    found = instance.sess.run(asked)
    again = {asked[name]: found[name] for name in ("real", "real_labels", "z", "z_labels", "mix")}
    # The discriminator first: its loss depends on the generator, which must not have moved yet; Magenta's other order
    # only means that its two steps see different fakes.
    for network in ("discriminator", "generator"):
        moved = [v for v in getattr(instance.gan_model, network + "_variables") if part_of(v.op.name)]
        if network == "generator":
            for variable in instance.gan_model.discriminator_variables:
                variable.load(found["before/" + variable.op.name], instance.sess)
            moved += [instance.generator_ema.average(variable) for variable in moved]
        instance.sess.run(getattr(instance.gan_train_ops, network + "_train_op"), again)
        found.update({"after/" + variable.op.name: instance.sess.run(variable) for variable in moved})
    return found


def part_of(name: str) -> bool:
    """Whether a variable is one of those that are followed."""
    return any(part in name for part in FOLLOWED)


def main() -> None:
    """Parse the words and do it."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("folder", type=Path)
    folder = flags.parse_args().folder
    for stage in COUNTERS:
        np.savez_compressed(str(folder / f"stage_{stage}.npz"), **run(folder, stage))


if __name__ == "__main__":
    main()
