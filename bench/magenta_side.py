"""Magenta's own GANSynth, timed. Runs in Magenta's environment (Python 3.8, TensorFlow 2.9.1), not in ours.

    python -m bench.magenta_side make FOLDER    write a full-size checkpoint with random weights
    python -m bench.magenta_side time FOLDER    print timings as JSON, and leave FOLDER/waves.npy
    python -m bench.magenta_side kinds FOLDER   write tiny checkpoints of every kind with their waves, for tests/data
    python -m bench.magenta_side save FOLDER    train tiny models a little, save them at both kinds of stage, and leave
                                                FOLDER/magenta_variables.json, for tests/data
    python -m bench.magenta_side learn FOLDER STAGE
                                                go on with the run in FOLDER for a few steps, and save
    python -m bench.magenta_side play FOLDER    play the z and pitches of FOLDER/notes.npz, leave FOLDER/waves.npy
    python -m bench.magenta_side train FOLDER STAGE STEPS
                                                train on FOLDER/data.tfrecord, print images per second and memory

Magenta's loader builds the whole training graph. The dataset that it asks for is replaced by the records of the folder
where there are some, and by one silent record where there are none; the pitches are those of the folder's meta.json.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import resource
import time
from typing import Any, Callable

import numpy as np
import tensorflow.compat.v1 as tf
import tensorflow_gan as tfgan
from magenta.models.gansynth.configs import mel_prog_hires
from magenta.models.gansynth.lib import datasets, flags, generate_util, model, train_util

from bench import work

tf.disable_v2_behavior()
STAGE, COUNTER = 12, 10999999


class Records(datasets.NSynthTfdsDataset):
    """Magenta's dataset, out of a folder in the course's layout."""

    def _get_dataset_from_tfds(self) -> tf.data.Dataset:
        path = os.path.join(self._config["train_root_dir"], "data.tfrecord")
        if not os.path.exists(path):
            record = {"audio": np.zeros([1, 64000], np.float32), "pitch": np.array([min(self.get_pitch_counts())])}
            return tf.data.Dataset.from_tensor_slices(record).repeat()
        features = {
            "audio": tf.FixedLenSequenceFeature([], tf.float32, allow_missing=True),
            "pitch": tf.FixedLenFeature([], tf.int64),
        }
        records = tf.data.TFRecordDataset(path).map(lambda record: tf.io.parse_single_example(record, features))
        return records.shuffle(buffer_size=1000).repeat()

    def provide_dataset(self) -> tf.data.Dataset:
        """Magenta crops every note to 64000 samples, whatever audio_length says."""
        length = self._config["audio_length"]
        return super().provide_dataset().map(lambda wave, label: (wave[:length], label))

    def get_pitch_counts(self) -> dict[int, int]:
        """Notes by pitch in meta.json, else in NSynth."""
        path = os.path.join(self._config["train_root_dir"], "meta.json")
        if not os.path.exists(path):
            return super().get_pitch_counts()
        with open(path) as file:
            return collections.Counter(note["pitch"] for note in json.load(file).values())


datasets.registry = {"nsynth_tfds": Records, "nsynth_tfrecord": Records}


def make(folder: str) -> None:
    """Initialise Magenta's variables and save them as it does."""
    settings = flags.Flags(dict(mel_prog_hires.hparams, train_root_dir=folder))
    model.set_flags(settings)
    instance = model.Model(STAGE, 8, settings)
    instance.sess.run(tf.global_variables_initializer())
    instance.sess.run(tf.assign(instance.current_image_id, COUNTER))
    stage = os.path.join(folder, "stage_%05d" % STAGE)
    os.makedirs(stage)
    instance.saver.save(instance.sess, os.path.join(stage, "model.ckpt"), global_step=COUNTER, write_meta_graph=False)
    with open(os.path.join(folder, "experiment.json"), "w") as file:
        json.dump(mel_prog_hires.hparams, file)


TINY: dict[str, Any] = dict(mel_prog_hires.hparams, fmap_base=512, fmap_max=8, latent_vector_size=16)
KINDS: dict[str, tuple[dict[str, Any], int, int]] = {
    # name: settings, stage, image counter
    "linear": ({"data_type": "linear"}, STAGE, COUNTER),
    "phase": ({"data_type": "phase"}, STAGE, COUNTER),
    "transition": ({}, 11, 11 * 800000 + 240000),
    "fitted": ({"data_normalizer": "specgrams_freq_normalizer"}, STAGE, COUNTER),
}


def kind(folder: str, settings: dict[str, Any], stage: int, counter: int) -> None:
    """One tiny checkpoint of what playing needs, and two notes that Magenta plays with it."""
    os.makedirs(os.path.join(folder, "assets"))
    rng = np.random.RandomState(work.SEED)
    if "data_normalizer" in settings:
        columns = [rng.uniform(*limits, size=1024) for limits in ((0.05, 0.08), (0.1, 0.2), (0.7, 0.9), (-0.1, 0.1))]
        path = os.path.join(folder, "assets", settings["data_normalizer"] + ".npz")
        np.savez(path, normalizer=np.stack(columns, axis=1).astype(np.float32))
    hparams = dict(TINY, **settings)
    with open(os.path.join(folder, "experiment.json"), "w") as file:
        json.dump(hparams, file, indent=1)
    tf.reset_default_graph()
    tf.set_random_seed(work.SEED)
    full = flags.Flags(dict(hparams, train_root_dir=folder))
    model.set_flags(full)
    instance = model.Model(stage, 2, full)
    instance.sess.run(tf.global_variables_initializer())
    instance.sess.run(tf.assign(instance.current_image_id, counter))
    averaged = [
        v for v in tf.global_variables() if v.name.startswith("Generator") and "ExponentialMovingAverage" in v.name
    ]
    where = os.path.join(folder, "stage_%05d" % stage)
    saver = tf.train.Saver([*averaged, instance.current_image_id])
    saver.save(instance.sess, os.path.join(where, "model.ckpt"), global_step=counter, write_meta_graph=False)
    z, pitches = rng.standard_normal([2, 16]), [30, 60]
    waves = instance.generate_samples_from_z(z, pitches)
    np.savez(os.path.join(folder, "reference.npz"), z=z, pitches=pitches, waves=waves[:, ::4])


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and the result."""
    begun = time.time()
    result = call()
    return time.time() - begun, result


def hallucinate(instance: model.Model, keys: np.ndarray) -> np.ndarray:
    """The SopiMlab handler's work: slerp, one note after the other in batches, envelope, overlap."""
    z = []
    for a, b in zip(keys[:-1], keys[1:]):
        z += [a] + [generate_util.slerp(a, b, j / (work.STEPS + 1.0)) for j in range(1, work.STEPS + 1)]
    z.append(keys[-1])
    waves = instance.generate_samples_from_z(np.array(z), [work.PITCH] * len(z))
    rate = instance.config["sample_rate"]
    parts = [int(s * rate) for s in (work.ATTACK_S, work.SUSTAIN_S, work.RELEASE_S)]
    envelope = np.concatenate([np.linspace(0, 1, parts[0]), np.ones(parts[1]), np.linspace(1, 0, parts[2])])
    clip = np.zeros(int((len(z) - 1) * work.SPACING_S * rate) + len(envelope))
    for i, wave in enumerate(waves):
        start = int(i * work.SPACING_S * rate)
        note = wave[: len(envelope)] * envelope
        clip[start : start + len(envelope)] += note / np.abs(note).max()
    return clip / np.abs(clip).max() / 2


def measure(folder: str) -> dict[str, float]:
    """Load, eight notes, the hallucination."""
    load_s, instance = timed(lambda: model.Model.load_from_path(folder, flags.Flags({"batch_size_schedule": [8]})))
    rng = np.random.RandomState(work.SEED)
    z, keys = rng.standard_normal([work.NOTES, 256]), rng.standard_normal([work.KEYS, 256])
    instance.generate_samples_from_z(z, [work.PITCH] * len(z))
    notes = [timed(lambda: instance.generate_samples_from_z(z, [work.PITCH] * len(z))) for _ in range(3)]
    np.save(os.path.join(folder, "waves.npy"), notes[0][1])
    hallucination_s, _ = timed(lambda: hallucinate(instance, keys))
    return {"load_s": load_s, "notes_s": float(np.median([s for s, _ in notes])), "hallucination_s": hallucination_s}


class Stopwatch(tf.train.SessionRunHook):
    """Ends training after some steps; `seconds` is what those after the warm ones took."""

    def __init__(self, steps: int) -> None:
        self.steps, self.done, self.begun, self.seconds = steps, 0, 0.0, 0.0

    def after_run(self, run_context: tf.train.SessionRunContext, run_values: tf.train.SessionRunValues) -> None:
        """Count a step; stop after the last."""
        self.done += 1
        if self.done == work.WARM_STEPS:
            self.begun = time.perf_counter()
        if self.done == self.steps:
            self.seconds = time.perf_counter() - self.begun
            run_context.request_stop()


def run_stage(folder: str, stage: int, hook: Stopwatch, logdir: str | None = None) -> model.Model:
    """Train one stage with Magenta's own session until the hook stops it; a logdir is where it goes on and saves."""
    tf.reset_default_graph()
    with open(os.path.join(folder, "experiment.json")) as file:
        full = flags.Flags(dict(json.load(file), train_root_dir=folder))
    model.set_flags(full)
    instance = model.Model(stage, train_util.get_batch_size(stage, **full), full)
    tfgan.gan_train(
        instance.gan_train_ops,
        logdir=logdir,
        get_hooks_fn=tfgan.get_sequential_train_hooks(tfgan.GANTrainSteps(1, 1)),
        hooks=[hook],
        scaffold=train_util.make_scaffold(stage, instance.optimizer_var_list, **full),
        save_checkpoint_secs=600 if logdir else None,
        save_summaries_steps=None,
    )
    return instance


def learn(folder: str, stage: int | str) -> str:
    """Three steps of a run, from its last save if it has one; where it is saved."""
    logdir = os.path.join(folder, "stage_%05d" % int(stage))
    run_stage(folder, int(stage), Stopwatch(3), logdir)
    return logdir


def save(folder: str) -> None:
    """A few steps at a stable stage and a few at a transition stage, each in a run of its own."""
    listed = {}
    for stage in (0, 1):
        where = os.path.join(folder, "run_%d" % stage)
        os.makedirs(where)
        with open(os.path.join(where, "experiment.json"), "w") as file:
            json.dump(work.SAVED, file)
        reader = tf.train.load_checkpoint(learn(where, stage))
        kinds, shapes = reader.get_variable_to_dtype_map(), reader.get_variable_to_shape_map()
        listed[stage] = {name: [kinds[name].name] + shapes[name] for name in sorted(shapes)}
    # One variable a line.
    text = json.dumps(listed, indent=1).replace("[\n   ", "[").replace("\n   ", " ").replace("\n  ]", "]")
    with open(os.path.join(folder, "magenta_variables.json"), "w") as file:
        file.write(text + "\n")


def play(folder: str) -> None:
    """The waves of a run folder."""
    instance = model.Model.load_from_path(folder, flags.Flags({"batch_size_schedule": [2]}))
    with np.load(os.path.join(folder, "notes.npz")) as notes:
        waves = instance.generate_samples_from_z(notes["z"], notes["pitches"].tolist())
    np.save(os.path.join(folder, "waves.npy"), waves)


def train(folder: str, stage: str, steps: str) -> dict[str, float]:
    """Images per second in one stage, with Magenta's own input pipeline, and the process's peak memory."""
    hook = Stopwatch(work.WARM_STEPS + int(steps))
    instance = run_stage(folder, int(stage), hook)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"images_per_s": int(steps) * instance.batch_size / hook.seconds, "peak_mb": peak_mb}


def kinds(folder: str) -> None:
    """All of KINDS."""
    for name, (changes, stage, counter) in KINDS.items():
        kind(os.path.join(folder, name), changes, stage, counter)


COMMANDS: dict[str, Callable[..., Any]] = {
    "make": make,
    "time": measure,
    "kinds": kinds,
    "save": save,
    "learn": learn,
    "play": play,
    "train": train,
}


def main() -> None:
    """Parse the words and do it."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("what", choices=COMMANDS)
    flags.add_argument("folder")
    flags.add_argument("words", nargs="*", help="as above")
    args = flags.parse_args()
    result = COMMANDS[args.what](args.folder, *args.words)
    if isinstance(result, dict):
        print("RESULT " + json.dumps(result))


if __name__ == "__main__":
    main()
