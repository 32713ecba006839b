"""Magenta's own GANSynth, timed. Runs in Magenta's environment (Python 3.8, TensorFlow 2.9.1), not in ours.

    python bench/magenta_side.py make FOLDER    write a full-size checkpoint with random weights
    python bench/magenta_side.py time FOLDER    print timings as JSON, and leave FOLDER/waves.npy
    python bench/magenta_side.py kinds FOLDER   write tiny checkpoints of every kind with their waves, for tests/data

Magenta's loader builds the whole training graph; the dataset it asks for is replaced by one silent record.
"""

import json
import os
import sys
import time

import numpy as np
import tensorflow.compat.v1 as tf
import work
from magenta.models.gansynth.configs import mel_prog_hires
from magenta.models.gansynth.lib import datasets, flags, generate_util, model

tf.disable_v2_behavior()
STAGE, COUNTER = 12, 10999999


class Silence(datasets.NSynthTfdsDataset):
    """Magenta's dataset, with nothing in it."""

    def _get_dataset_from_tfds(self):
        record = {"audio": np.zeros([1, 64000], np.float32), "pitch": np.array([60])}
        return tf.data.Dataset.from_tensor_slices(record).repeat()


datasets.registry["nsynth_tfds"] = Silence


def make(folder):
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


TINY = dict(mel_prog_hires.hparams, fmap_base=512, fmap_max=8, latent_vector_size=16)
KINDS = {
    # name: settings, stage, image counter
    "linear": ({"data_type": "linear"}, STAGE, COUNTER),
    "phase": ({"data_type": "phase"}, STAGE, COUNTER),
    "transition": ({}, 11, 11 * 800000 + 240000),
    "fitted": ({"data_normalizer": "specgrams_freq_normalizer"}, STAGE, COUNTER),
}


def kind(folder, settings, stage, counter):
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


def timed(call):
    """Seconds, and the result."""
    begun = time.time()
    result = call()
    return time.time() - begun, result


def hallucinate(instance, keys):
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


def measure(folder):
    """Load, eight notes, the hallucination."""
    load_s, instance = timed(lambda: model.Model.load_from_path(folder, flags.Flags({"batch_size_schedule": [8]})))
    rng = np.random.RandomState(work.SEED)
    z, keys = rng.standard_normal([work.NOTES, 256]), rng.standard_normal([work.KEYS, 256])
    instance.generate_samples_from_z(z, [work.PITCH] * len(z))
    notes = [timed(lambda: instance.generate_samples_from_z(z, [work.PITCH] * len(z))) for _ in range(3)]
    np.save(os.path.join(folder, "waves.npy"), notes[0][1])
    hallucination_s, _ = timed(lambda: hallucinate(instance, keys))
    return {"load_s": load_s, "notes_s": float(np.median([s for s, _ in notes])), "hallucination_s": hallucination_s}


if __name__ == "__main__":
    command, where = sys.argv[1:]
    if command == "make":
        make(where)
    elif command == "kinds":
        for name, (changes, stage, counter) in KINDS.items():
            kind(os.path.join(where, name), changes, stage, counter)
    else:
        print("RESULT " + json.dumps(measure(where)))
