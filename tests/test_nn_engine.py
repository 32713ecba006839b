"""Compiling networks: precision, threads, shapes, and messages that name what cannot be compiled."""

import gc
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest
from waiting import PATIENCE_S

from core.nn import engine, kernel_layout, products
from core.processes import core_count
from tests.conftest import SMALL
from tests.test_house import ROOT, imports

KERNEL = np.random.default_rng(1).standard_normal((3, 3, 4, 4)).astype(np.float32)
MAP = (1, 8, 8, 4)
MAP8 = (1, 8, 8, 8)
ROOMS = ("core", "server", "gansynth", "specvqgan", "ganspace", "renderer", "scripts", "tests", "bench")


def network(ops, weights, x):
    return ops.tanh(products.convolve(ops, x, weights["kernel"]))


@pytest.fixture(scope="module")
def compiled():
    return engine.compile(network, {"kernel": KERNEL}, [MAP])


def inputs(seed):
    return np.random.default_rng(seed).standard_normal(MAP).astype(np.float32)


def test_results_are_the_callers_own(compiled):
    first = compiled(inputs(0))
    kept = first.copy()
    compiled(inputs(1))
    np.testing.assert_array_equal(first, kept)
    first[:] = 0


def test_threads_that_call_at_once_get_their_own_results(compiled):
    alone = [compiled(inputs(seed)) for seed in range(8)]
    barrier = threading.Barrier(8)

    def call(seed):
        barrier.wait(PATIENCE_S)
        return [compiled(inputs(seed)) for _ in range(20)]

    with ThreadPoolExecutor(8) as pool:
        for seed, results in enumerate(pool.map(call, range(8))):
            for result in results:
                np.testing.assert_array_equal(result, alone[seed])


def test_the_functions_used_last_are_kept():
    functions, compiled = engine.CompiledFunctions(most=2), []

    def network(ops, weights, x):
        compiled.append(x.shape)
        return x + 1.0

    for size in (1, 2, 1, 3, 1, 2):
        assert functions.get(size, network, {}, [(size,)])(np.zeros(size)).tolist() == [1.0] * size
    assert compiled == [(1,), (2,), (3,), (2,)]


def test_several_results_are_a_tuple():
    found = engine.compile(lambda ops, weights, x, y: (x + y, x * y), {}, [(2,), (2,)])
    sums, multiplied = found(np.array([1, 2]), np.array([3, 4]))
    assert sums.tolist() == [4, 6]
    assert multiplied.tolist() == [3, 8]


def test_another_shape_is_refused(compiled):
    with pytest.raises(ValueError, match=r"shapes \[\(2, 8, 8, 4\)\]; they must be \[\(1, 8, 8, 4\)\]"):
        compiled(np.zeros((2, 8, 8, 4)))


def test_f32_is_float32_whatever_the_processor_has(compiled):
    exact = engine.compile(network, {"kernel": KERNEL}, [MAP], engine=keras.backend.backend())(inputs(0))
    np.testing.assert_allclose(compiled(inputs(0)), exact, atol=1e-5)


@pytest.mark.parametrize("name", ["openvino", keras.backend.backend()])
def test_bf16_is_near(name):
    exact = engine.compile(network, {"kernel": KERNEL}, [MAP])(inputs(0))
    near = engine.compile(network, {"kernel": KERNEL}, [MAP], engine=name, precision="bf16")(inputs(0))
    assert near.dtype == np.float32
    np.testing.assert_allclose(near, exact, atol=0.2)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (lambda ops, weights, x: ops.conv(x, KERNEL[:, :, :3]), r"build conv of tensor \[1, 8, 8, 4\], array"),
        (lambda ops, weights, x: ops.concatenate([x, x[:, 1:]], -1), r"build concatenate of \[tensor \[1, 8, 8, 4\]"),
        (lambda ops, weights, x: x + np.ones(5), r"cannot add tensors of \(1, 8, 8, 4\) and \(5,\)"),
        (lambda ops, weights, x: ops.conv_transpose(x, KERNEL, 4), r"kernel is \(3, 3\) in steps of \[4, 4\]"),
        (lambda ops, weights, x: ops.irfft((x, x), 8), "cannot run the operation irfft"),
    ],
)
def test_an_operation_that_cannot_be_compiled_is_named(broken, reason):
    with pytest.raises(ValueError, match=reason):
        engine.compile(broken, {}, [MAP])


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ({"engine": "torch"}, "the engine must be one of openvino, tensorflow, jax, not 'torch'"),
        ({"precision": "f16"}, "'f16'"),
    ],
)
def test_an_unknown_engine_or_precision_is_refused(names, reason):
    with pytest.raises(ValueError, match=reason):
        engine.compile(network, {"kernel": KERNEL}, [MAP], **names)


def test_dask_workers_use_as_many_threads_as_they_have(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert engine.thread_count() == 1
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert engine.thread_count() >= 1


@pytest.mark.parametrize("limit", ["0", "-1", "many", "", "\N{SUPERSCRIPT TWO}"])
def test_a_limit_of_threads_that_is_no_number_is_none(monkeypatch, limit):
    monkeypatch.setenv("OMP_NUM_THREADS", limit)
    assert engine.thread_count() == core_count()


@pytest.mark.parametrize("device", ["", " ", "cpu"])
def test_the_processor_is_meant_where_no_other_device_is_named(monkeypatch, device):
    monkeypatch.setenv("OPENVINO_DEVICE", device)
    run = engine.compile(lambda ops, weights, x: ops.relu(x), {}, [(2,)])
    assert run(np.array([-1.0, 1.0], np.float32)).tolist() == [0.0, 1.0]


def test_a_device_that_is_not_there_is_named_with_those_that_are(monkeypatch):
    monkeypatch.setenv("OPENVINO_DEVICE", "banana")
    with pytest.raises(
        ValueError, match=r"^OPENVINO_DEVICE is BANANA, which OpenVINO does not find here \(it finds CPU"
    ):
        engine.compile(lambda ops, weights, x: ops.relu(x), {}, [(2,)])


WITHOUT = """
import sys
sys.modules["openvino"] = None
from core.nn import engine
try:
    engine.compile(lambda ops, weights, x: ops.relu(x), {}, [(2,)])
except ValueError as error:
    print(error)
"""


def test_where_openvino_is_not_installed_the_message_says_what_to_do():
    said = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True).stdout
    assert said.startswith("OpenVINO is not installed")
    assert "--engine tensorflow" in said


@pytest.mark.parametrize("missing", ["openvino", "jax"])
def test_a_command_without_its_engine_ends_in_one_sentence(tmp_path, missing):
    words = ["--model", SMALL, "--notes", 2, "--steps", 1, "--out", tmp_path / "a.wav"]
    words += ["--engine", missing] if missing != "openvino" else []
    program = (
        f"import sys; sys.modules[{missing!r}] = None; from scripts.hallu_hallucinate import main; sys.exit(main())"
    )
    done = subprocess.run([sys.executable, "-c", program, *map(str, words)], capture_output=True, text=True)
    last = done.stderr.splitlines()[-1]
    assert done.returncode == 1 and "hallu[train-jax]" in last
    assert "Error" not in last and "Traceback" not in done.stderr


def test_openvino_is_imported_in_one_place():
    files = {path for room in ROOMS for path in ROOT.glob(f"{room}/**/*.py") if "openvino" in set(imports(path))}
    assert not files, "core/nn/openvino_runtime.py imports it without its telemetry"


INTERRUPTED = """
import signal
import numpy as np
from core.nn import engine
def make():
    return engine.compile(lambda ops, weights, x: ops.relu(x), {}, [(2,)])
first, second = make(), make()
del first, second
try:
    signal.raise_signal(signal.SIGINT)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_ctrl_c_does_not_crash_after_networks_were_deleted():
    done = subprocess.run([sys.executable, "-X", "faulthandler", "-c", INTERRUPTED], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "interrupted\n")


WATCHED = """
import socket, sys, threading, time
connected = []
def spy(event, args):
    if event.startswith("socket."):
        connected.append(event)
sys.addaudithook(spy)
import numpy as np
from core.nn import engine
engine.compile(lambda ops, weights, x: ops.relu(x), {}, [(2,)])(np.zeros(2))
time.sleep(0.5)
assert not connected, connected
assert threading.active_count() == 1, threading.enumerate()
"""


def test_openvino_sends_nothing(tmp_path):
    """With an empty HOME, and nothing that looks like CI, in which its telemetry would be silent by itself."""
    kept = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "SYSTEMROOT")
    environment = {name: os.environ[name] for name in kept if name in os.environ} | {"HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", WATCHED], check=True, env=environment, timeout=PATIENCE_S)
    assert list(tmp_path.rglob("*")) == []


def test_a_function_is_used_while_another_is_compiled():
    functions, started, release = engine.CompiledFunctions(), threading.Event(), threading.Event()

    def slow(ops, weights, x):
        started.set()
        assert release.wait(PATIENCE_S)
        return x + 1.0

    def get(name, network=lambda ops, weights, x: x * 2.0):
        return functions.get(name, network, {}, [(1,)])

    get("quick")
    compiling = threading.Thread(target=get, args=("slow", slow))
    compiling.start()
    assert started.wait(PATIENCE_S)
    np.testing.assert_array_equal(get("quick")(np.ones(1)), [2.0])
    release.set()
    compiling.join()


def test_a_function_that_could_not_be_compiled_is_tried_again():
    functions = engine.CompiledFunctions()

    def get(network):
        return functions.get("one", network, {}, [(1,)])

    with pytest.raises(ValueError, match="does not have it"):
        get(lambda ops, weights, x: ops.fly(x))
    np.testing.assert_array_equal(get(lambda ops, weights, x: x + 1.0)(np.ones(1)), [2.0])


@pytest.mark.parametrize(
    ("operation", "shape", "given"), [("conv", (3, 3, 8, 64), MAP8), ("matmul", (32, 64), (1, 32))]
)
def test_networks_of_one_model_read_the_same_kernels(operation, shape, given):
    weights = kernel_layout.kernels_first({"k": np.random.default_rng(0).standard_normal(shape).astype(np.float32)})
    place = weights["k"].ctypes.data
    model, _ = engine.graph(lambda ops, weights, x: getattr(ops, operation)(x, weights["k"]), weights, [given])
    constants = [node for node in model.get_ops() if node.get_type_name() == "Constant"]
    assert place in [node.data.ctypes.data for node in constants]


def test_kernels_outlive_the_weights_that_they_came_from():
    kernel = np.random.default_rng(0).standard_normal((64, 64)).astype(np.float32)
    play = engine.compile(
        lambda ops, weights, x: ops.matmul(x, weights["k"]),
        kernel_layout.kernels_first({"k": kernel.copy()}),
        [(64, 64)],
    )
    gc.collect()
    np.testing.assert_allclose(play(np.eye(64, dtype=np.float32)), kernel, atol=1e-6)
