"""Many steps in one call on the device, against the same steps one by one; on one device and on two."""

import json
import os
import subprocess
import sys

import pytest
from parts import need_module

PROGRAM = """
import json, sys
import numpy as np
from keras import ops
from core.training.device_steps import Devices, DeviceSteps

def step(tree, batch):
    error = ops.mean(batch["x"] @ tree["w"] - batch["y"])
    rare = ops.cond(batch["rare"], lambda: error, lambda: ops.full((), np.nan))
    weights = tree["w"] - 0.1 * error * ops.mean(batch["x"], axis=0)
    return {"w": weights, "steps": tree["steps"] + 1}, {"error": error, "rare": rare}

def select(data, batch):
    return batch | {"x": ops.cast(ops.take(data["x"], batch["rows"], axis=0), "float32")}

rng = np.random.default_rng(0)
data = {"x": rng.integers(0, 9, (20, 3), np.uint8)}
batches = [
    {"rows": rng.integers(0, 20, 4).astype(np.int32), "y": rng.standard_normal(4, np.float32), "rare": np.bool_(i % 2)}
    for i in range(5)
]
looped, devices, calls = json.loads(sys.argv[1])
run = DeviceSteps(step, data, select, Devices(devices), capacity=8, looped=looped)
run.check(4)
tree, errors = run.start({"w": np.ones(3, np.float32), "steps": np.float32(0)}), []
for first, last in calls:
    tree, losses = run(tree, run.block(batches[first:last]))
    errors += np.asarray(losses["error"]).tolist()
rare = np.isnan(np.asarray(losses["rare"])).tolist()
print(json.dumps([np.asarray(tree["w"]).tolist(), float(tree["steps"]), errors, rare]))
"""


def run(looped, devices=1, calls=((0, 5),)):
    need_module("jax")
    environment = {"KERAS_BACKEND": "jax", "XLA_FLAGS": "--xla_force_host_platform_device_count=2"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps([looped, devices, calls])],
        capture_output=True, text=True, env={**os.environ, **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def one_by_one():
    return run(looped=False)


def test_a_loop_on_the_device_does_the_same_steps(one_by_one):
    weights, steps, errors, rare = run(looped=True)
    assert steps == 5
    assert weights == pytest.approx(one_by_one[0], rel=1e-5)
    assert errors == pytest.approx(one_by_one[2], rel=1e-4)
    assert rare == [True, False, True, False, True]


def test_how_steps_are_divided_into_calls_changes_nothing(one_by_one):
    assert run(looped=True, calls=((0, 2), (2, 5)))[:3] == run(looped=True)[:3]


def test_two_devices_end_as_one(one_by_one):
    weights, _, errors, _ = run(looped=True, devices=2)
    assert weights == pytest.approx(one_by_one[0], rel=1e-5)
    assert errors == pytest.approx(one_by_one[2], rel=1e-4)
