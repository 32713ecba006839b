"""Networks that run step by step: any sizes, and inputs that stay where they are."""

import numpy as np
import pytest

from core.nn.quantized import quantized
from core.nn.step_engine import Step

MATRIX = np.random.default_rng(0).standard_normal((5, 4)).astype(np.float32)


def network(ops, weights, x, memory):
    """[n, t, 4] and [n, any, 5] -> [n, t, 5], and the memory's sum."""
    from core.nn.products import dense

    y = dense(ops, x, weights["matrix"])
    folded = ops.reshape(y, (-1, x.shape[1], 5))
    return folded, ops.sum(memory, axis=1)


@pytest.fixture(params=["openvino", "tensorflow"])
def step(request):
    shapes = [(-1, -1, 4), (-1, -1, 5)]
    return Step(network, {"matrix": MATRIX}, shapes, engine=request.param).start()


def test_weights_that_are_read_only_are_read_where_they_are():
    matrix = np.frombuffer(MATRIX.tobytes(), np.float32).reshape(MATRIX.shape)
    run = Step(network, {"matrix": matrix}, [(-1, -1, 4), (-1, -1, 5)]).start()
    x = rows(1, 1, 4)
    np.testing.assert_allclose(run({0: x, 1: rows(1, 1, 5)})[0], x @ MATRIX.T, rtol=0, atol=1e-5)


def rows(*shape):
    return np.random.default_rng(1).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize(("count", "length"), [(1, 1), (1, 9), (3, 2)])
def test_one_graph_takes_inputs_of_any_size(step, count, length):
    x = rows(count, length, 4)
    found = step({0: x, 1: np.zeros((count, 2, 5), np.float32)})[0]
    np.testing.assert_allclose(found, x @ MATRIX.T, rtol=0, atol=1e-5)


def test_an_input_that_is_kept_is_read_again_at_each_run(step):
    memory = np.ones((1, 3, 5), np.float32)
    step.keep(1, memory)
    assert (step({0: rows(1, 2, 4)})[1] == 3.0).all()
    memory[:, 1] = 5.0
    assert (step({0: rows(1, 2, 4)})[1] == 7.0).all()


def test_an_array_that_cannot_be_read_where_it_is_is_refused(step):
    with pytest.raises(ValueError, match="input 1 is float64, or has gaps; it must be contiguous float32"):
        step.keep(1, np.ones((1, 3, 5)))
    with pytest.raises(ValueError, match="has gaps"):
        step.keep(1, np.ones((1, 3, 10), np.float32)[:, :, ::2])


def test_a_matrix_of_8_bits_is_nearest_to_the_given_one():
    found = quantized(np.vstack([MATRIX, np.zeros((1, 4), np.float32)]))
    assert found.values.dtype == np.int8
    assert (np.abs(found.widened()[:5] - MATRIX) <= np.abs(MATRIX).max(axis=1, keepdims=True) / 253).all()
    assert (found.widened()[5] == 0.0).all()
