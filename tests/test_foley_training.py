"""Training of codebook, transformer and vocoder: they learn, resume with the same result, and export networks."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from parts import need_module

import specvqgan
from core.training import saves
from scripts import specvqgan_train
from specvqgan.dataset import folder
from specvqgan.dataset.folder import HELD_OUT, TRAIN, ClipFormat, Entry
from specvqgan.mel.spectrogram import clip_spectrogram
from specvqgan.training import run_config, tasks
from specvqgan.training.task import TaskTrainer

FRAMES, MOMENTS, DEPTH = 32, 4, 5
FORM = ClipFormat(22050, FRAMES, 256, 80, MOMENTS, DEPTH, "frames", ("low", "high"))
SMALL = {
    "codebook": "model.params.channels=[4,4,4] model.params.groups=2 model.params.z_channels=4 model.params.codes=8 "
    "model.params.code_size=4 training.frames=16 training.discriminator_width=4 training.discriminator_layers=1",
    "transformer": "model.params.layers=1 model.params.heads=2 model.params.width=8 training.dropout=0.1",
    "vocoder": "model.params.width=2 model.params.residuals=1 training.frames=8 training.discriminators=1 "
    "training.discriminator_layers=1 training.discriminator_width=4 training.adversarial_start=2",
}
SHORT = "training.batch_size=2 training.total_clips=8 training.sample_clips=1000 training.warm_up=0"


def entries(count):
    times = np.arange(FORM.samples) / 22050
    for number in range(count):
        label = number % 2
        wave = (0.3 * np.sin(2 * np.pi * (300 + 900 * label) * times) * np.exp(-6 * times)).astype(np.float32)
        yield Entry(
            np.full((MOMENTS, DEPTH), label), clip_spectrogram(wave, len(wave), FRAMES), wave, label, number % 3 == 0
        )


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    place = tmp_path_factory.mktemp("clips") / "data"
    with folder.writing(place, FORM) as writer:
        writer.write(TRAIN, entries(6), 6)
        writer.write(HELD_OUT, entries(2), 2)
    return place


@pytest.fixture(scope="module")
def codebook(data, tmp_path_factory):
    """A codebook's run folder, and the folder with what it has learned."""
    place = tmp_path_factory.mktemp("codebook")
    assert train("codebook", data, place / "run", "training.adversarial_start=2", "--export", place / "export") == 0
    return place


def train(kind, data, run, *more):
    words = [data, run, "--base", kind, *SMALL[kind].split(), *SHORT.split(), *more]
    return specvqgan_train.main([str(word) for word in words])


def newest(run):
    return np.load(saves.latest(run))


def equal(one, two):
    assert set(one.files) == set(two.files)
    for name in one.files:
        np.testing.assert_allclose(one[name], two[name], rtol=0, atol=1e-6, err_msg=name)


def test_a_stopped_run_resumes_with_the_same_result(data, codebook, tmp_path):
    start = "training.adversarial_start=2"
    assert train("codebook", data, tmp_path, start, "training.total_clips=4", "training.last_rate=1") == 0
    assert train("codebook", data, tmp_path, start, "training.last_rate=1") == 0
    whole = tmp_path / "whole"
    assert train("codebook", data, whole, start, "training.last_rate=1") == 0
    equal(newest(tmp_path), newest(whole))


def test_a_run_without_a_discriminator_resumes_too(data, tmp_path):
    alone = ["training.adversarial_weight=0", "training.last_rate=1"]
    assert train("codebook", data, tmp_path / "run", *alone, "training.total_clips=4") == 0
    assert train("codebook", data, tmp_path / "run", *alone) == 0
    assert train("codebook", data, tmp_path / "whole", *alone) == 0
    equal(newest(tmp_path / "run"), newest(tmp_path / "whole"))


def test_the_exported_codebook_is_the_trained_one(data, codebook):
    task = task_of("codebook", data, codebook / "run")
    state = TaskTrainer(codebook / "run", task).begin()
    mels = np.asarray(task.clips.mels[:1], np.float32)
    pictures, tokens = task.round_trip(state.tree["model"], mels)
    loaded = specvqgan.load_codebook(codebook / "export")
    np.testing.assert_array_equal(loaded.encode(mels), tokens)
    # Weights in the file have half precision.
    np.testing.assert_allclose(loaded.decode(tokens, clip=False), pictures, atol=5e-3)


def test_the_discriminator_learns_once_it_has_joined(data, codebook):
    task = task_of("codebook", data, codebook / "run")
    before, after = TaskTrainer(codebook / "run", task).initial().tree, newest(codebook / "run")
    assert float(after["discriminator_adam|steps"]) == 2
    assert any((after[f"discriminator|{name}"] != value).any() for name, value in before["discriminator"].items())


def test_unused_codes_move_to_where_they_are_needed(data, tmp_path):
    from specvqgan.codebook.network import CODES
    from specvqgan.training.codebook import steps

    task = task_of("codebook", data, tmp_path)
    tree = TaskTrainer(tmp_path, task).initial().tree
    tree["usage"]["shares"] = np.float32([0.5, 0.5, 0, 0, 0, 0, 0, 0])
    z = np.random.default_rng(0).standard_normal((2, 3, 5, 4)).astype(np.float32)
    plan = steps.StepPlan(task.hparams, task.config, False)
    batch = {"key": np.uint32([1, 2]), "revive": np.float32(1)}
    moved = np.asarray(steps.revived(plan, tree, z, None, batch)["model"][CODES])
    was = tree["model"][CODES]
    np.testing.assert_array_equal(moved[:2], was[:2])
    flat = z.reshape(-1, 4)
    assert all((np.abs(flat - code).max(1) < 1e-6).any() for code in moved[2:])
    still = steps.revived(plan, tree, z, None, batch | {"revive": np.float32(0)})
    np.testing.assert_array_equal(np.asarray(still["model"][CODES]), was)


def test_a_transformer_learns_what_its_features_say(data, codebook, tmp_path):
    more = [
        "--codebook",
        codebook / "export",
        "training.total_clips=400",
        "training.rate=0.01",
        "training.batch_size=4",
    ]
    task = task_of("transformer", data, tmp_path, *map(str, more[2:]), f"training.codebook={codebook / 'export'}")
    before = task.measure(TaskTrainer(tmp_path, task).initial().tree)
    assert train("transformer", data, tmp_path, *more, "--export", tmp_path / "export") == 0
    after = task.measure(TaskTrainer(tmp_path, task).begin().tree)
    assert after["held out cross_entropy"] < 0.7 * before["held out cross_entropy"]
    assert specvqgan.load_transformer(tmp_path / "export").config.classes == 3


def test_aligned_first_weights_look_at_their_own_time():
    from core.nn import numpy_ops
    from core.nn.normalization import layer_norm
    from specvqgan.training.transformer.aligned import align, places
    from specvqgan.transformer import network, weights
    from specvqgan.transformer.config import TransformerConfig

    config = TransformerConfig(5, 27, 16, 1, 5, 160, frames=54, feature_depth=9, classes=3)
    rng = np.random.default_rng(0)
    features, tokens = rng.random((1, 54, 9)).astype(np.float32), rng.integers(0, 16, (1, 134))
    arrays = align(weights.initial(config, rng), config, rng, features[0])
    x = network.sequence(numpy_ops, arrays, config, tokens, features, np.array([0]))
    y = layer_norm(numpy_ops, x, arrays["blocks.0.ln1.weight"], arrays["blocks.0.ln1.bias"])[0]
    query, key = (
        y @ arrays[f"blocks.0.attn.{part}.weight"].T + arrays[f"blocks.0.attn.{part}.bias"] for part in ("query", "key")
    )
    scores = np.exp(query[:, :32] @ key[:, :32].T / np.sqrt(32) + network.causal_mask(len(y)))
    shares, times = scores / scores.sum(1, keepdims=True), places(config)[0]
    for place in (60, 100, 150):
        near = np.flatnonzero(np.abs(times[:54] - times[place]) <= 1)
        # Evenly it would be a fiftieth.
        assert shares[place, near].sum() > 0.25


def test_a_class_that_is_not_asked_for_is_the_last_one(data, codebook, tmp_path):
    task = task_of(
        "transformer", data, tmp_path, f"training.codebook={codebook / 'export'}", "training.class_dropout=0"
    )
    classes = {int(label) for clips in range(0, 12, 2) for label in task.batch(clips, 0.0)["classes"]}
    assert classes == {0, 1, 2}
    hidden = task_of(
        "transformer", data, tmp_path, f"training.codebook={codebook / 'export'}", "training.class_dropout=1"
    )
    assert set(hidden.batch(0, 0.0)["classes"].tolist()) == {2}


def test_a_vocoder_resumes_with_the_same_result(data, tmp_path):
    more = ["training.last_rate=1", "training.rate=0.003"]
    assert train("vocoder", data, tmp_path / "run", *more, "training.total_clips=2") == 0
    assert train("vocoder", data, tmp_path / "run", *more, "--export", tmp_path / "export") == 0
    assert train("vocoder", data, tmp_path / "whole", *more) == 0
    equal(newest(tmp_path / "run"), newest(tmp_path / "whole"))
    assert specvqgan.load_vocoder(tmp_path / "export").generate(np.zeros((1, 80, 8), np.float32)).shape == (1, 2048)


def test_a_vocoder_learns_spectra(data, tmp_path):
    more = ["training.rate=0.01", "training.total_clips=320", "training.adversarial_start=1000", "model.params.width=4"]
    task = task_of("vocoder", data, tmp_path, *more)
    before = task.measure(TaskTrainer(tmp_path, task).initial().tree)
    assert train("vocoder", data, tmp_path, *more) == 0
    after = task.measure(TaskTrainer(tmp_path, task).begin().tree)
    assert after["held out mel"] < 0.9 * before["held out mel"]


def task_of(kind, data, run, *changes):
    given = [run_config.change(word) for word in (*SMALL[kind].split(), *SHORT.split(), *changes)]
    return tasks.make(run_config.read([run_config.presets()[kind]], given), data, run)


# Prints, for each kind of network: the first step's loss, learned weights and their type, by bits and by devices.
PROGRAM = """
import json, sys
from pathlib import Path
import numpy as np
from core.training.device_steps import Devices, DeviceSteps
from functools import partial
from specvqgan.training import run_config, tasks
from specvqgan.training.task import TaskTrainer

data, run, found = Path(sys.argv[1]), Path(sys.argv[2]), {}
for kind, words, kernel in json.loads(sys.argv[3]):
    for name, bits, devices in (("f32", "false", 1), ("bf16", "true", 1), ("shared", "true", 2)):
        changes = [*words.split(), f"training.bfloat16={bits}"]
        config = run_config.read([run_config.presets()[kind]], [run_config.change(word) for word in changes])
        task = tasks.make(config, data, run)
        trainer, stage = TaskTrainer(run, task), task.stages()[0]
        step = task.step(stage)
        steps = DeviceSteps(partial(step.function, step.plan), devices=Devices(devices))
        tree, losses = steps(steps.start(trainer.initial().tree), steps.block([trainer.batch(stage, 0)]))
        weights = np.asarray(tree["model"][kernel])
        loss = losses.get("total", losses.get("cross_entropy"))
        found[f"{kind} {name}"] = [float(np.asarray(loss)[0]), weights.tolist(), str(weights.dtype)]
print(json.dumps(found))
"""
KERNELS = {"codebook": "decoder.conv_out.weight", "transformer": "head.weight", "vocoder": "model.1.weight_v"}


@pytest.fixture(scope="module")
def first_steps(data, codebook, tmp_path_factory):
    """What PROGRAM found with two devices, by kind and variant."""
    need_module("jax")
    environment = {"KERAS_BACKEND": "jax", "XLA_FLAGS": "--xla_force_host_platform_device_count=2"}
    more = {
        "codebook": "model.params.channels=[4,4]",
        "transformer": f"training.codebook={codebook / 'export'} training.dropout=0",
        # Fewer stages are compiled faster.
        "vocoder": "model.params.ratios=[16,16]",
    }
    kinds = [(kind, f"{SMALL[kind]} {SHORT} {more[kind]}", kernel) for kind, kernel in KERNELS.items()]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(data), str(tmp_path_factory.mktemp("devices")), json.dumps(kinds)],
        capture_output=True, text=True, env={**os.environ, **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("kind", KERNELS)
def test_two_devices_share_a_batch(first_steps, kind):
    (one_loss, one, _), (two_loss, two, _) = first_steps[f"{kind} bf16"], first_steps[f"{kind} shared"]
    assert two_loss == pytest.approx(one_loss, rel=1e-4)
    np.testing.assert_allclose(two, one, rtol=0, atol=1e-4)


@pytest.mark.parametrize("kind", KERNELS)
def test_fewer_bits_change_the_loss_a_little_and_not_the_type_of_the_weights(first_steps, kind):
    (long, _, long_type), (short, _, short_type) = first_steps[f"{kind} f32"], first_steps[f"{kind} bf16"]
    assert 0 < abs(short - long) < 0.05 * abs(long)
    assert short_type == long_type == "float32"


def test_another_network_in_the_same_folder_is_refused(data, codebook, capsys):
    assert train("codebook", data, codebook / "run", "model.params.codes=16") == 1
    assert "holds a run with codes 8, not 16" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("kind", "words", "message"),
    [
        ("codebook", "training.rates=1", "no hyper-parameter 'rates'; did you mean rate?"),
        ("codebook", "model.params.code=8", "no setting model.params.code"),
        ("codebook", "training.frames=10", "frames must be a multiple of 4"),
        ("codebook", "training.perceptual_weight=1", "perceptual_weights is missing"),
        ("transformer", "", "training.codebook is missing"),
        ("transformer", "--codebook nowhere", "nowhere is not a trained network"),
        ("vocoder", "training.adversarial_weight=0 training.stft_weight=0", "nothing else teaches a vocoder"),
    ],
)
def test_settings_that_cannot_work_are_refused_in_one_sentence(data, tmp_path, capsys, kind, words, message):
    assert train(kind, data, tmp_path / "run", *words.split()) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_yaml_files_are_merged_and_the_last_one_wins(tmp_path):
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    first.write_text("model: {target: vocoder, params: {width: 4, residuals: 2}}\ntraining: {rate: 0.1}\n")
    second.write_text("model: {params: {width: 8}}\n")
    found = run_config.read([first, second], [("training.rate", 0.2)])
    assert (found.network, found.training) == ({"width": 8, "residuals": 2}, {"rate": 0.2})


def test_a_released_transformers_config_is_read():
    import specvqgan_files as files

    from specvqgan import run_folder
    from specvqgan.transformer import config as transformer_config

    found = run_config.parse(run_folder.read_config(files.run("5feats")))
    assert (found.kind, found.training["batch_size"]) == ("transformer", 2)
    assert transformer_config.from_run(found.network).frames == 5


def test_samples_and_losses_of_held_out_clips_are_written(data, tmp_path):
    assert train("vocoder", data, tmp_path, "training.total_clips=4", "training.sample_clips=2") == 0
    assert len(list((tmp_path / "samples").glob("clips_*.wav"))) == 2
    assert any((tmp_path / "logs").iterdir())


def test_the_latest_save_is_measured_without_training(data, codebook, capsys):
    assert train("codebook", data, codebook / "run", "training.adversarial_start=2", "--now") == 0
    assert "held out l1: " in capsys.readouterr().out
