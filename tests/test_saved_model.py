"""Constants of a graph, out of messages that TensorFlow writes, and out of messages that were crafted."""

import random
import tracemalloc

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework import graph_pb2

from core.formats import saved_model


def constant(graph, name, value):
    node = graph.node.add(name=name, op="Const")
    node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value))
    return node.attr["value"].tensor


def read(graph):
    return saved_model.read_graph(graph.SerializeToString())


@pytest.mark.parametrize("dtype", ["f4", "f8", "f2"])
def test_a_constant_comes_back(dtype):
    graph, value = graph_pb2.GraphDef(), np.arange(6).reshape(2, 3).astype(dtype)
    constant(graph, "a", value)
    found = saved_model.constant(read(graph), "a")
    assert found.dtype == value.dtype
    assert np.array_equal(found, value)


def test_a_value_that_stands_for_many_is_repeated():
    graph = graph_pb2.GraphDef()
    tensor = constant(graph, "a", np.zeros(5, np.float32))
    tensor.tensor_content = b""
    tensor.float_val.extend([1.0, 2.0])
    assert saved_model.constant(read(graph), "a").tolist() == [1, 2, 2, 2, 2]


def large(graph, dims):
    tensor = constant(graph, "a", np.float32([0]))
    tensor.tensor_content = b""
    tensor.float_val[:] = [1.0]
    tensor.tensor_shape.Clear()
    for size in dims:
        tensor.tensor_shape.dim.add(size=size)


@pytest.mark.parametrize(
    ("dims", "words"),
    [
        ((2**40,), "a has 1 values instead of 1099511627776"),
        ((-1, -1), "a does not have a shape that is known"),
        ((1,) * 100, "a does not have a shape that is known"),
    ],
)
def test_a_crafted_shape_is_refused(dims, words):
    graph = graph_pb2.GraphDef()
    large(graph, dims)
    with pytest.raises(ValueError, match=words):
        saved_model.constant(read(graph), "a")


def test_rows_that_are_repeated_take_no_more_memory_than_a_table_may():
    graph = graph_pb2.GraphDef()
    large(graph, (2**18,))
    graph.node.add(name="b", op="Pack", input=["a"] * 10_000)
    tracemalloc.start()
    with pytest.raises(ValueError, match="b has 10000 rows of 262144 values"):
        saved_model.constant(read(graph), "b")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**24


def test_a_message_of_countless_values_is_refused(tmp_path):
    path = tmp_path / "saved_model.pb"
    path.write_bytes(b"\x12\x00" * 2**20)
    with pytest.raises(ValueError, match="a message has more than 262144 values"):
        saved_model.read(path)


def test_two_thousand_damaged_graphs_give_a_table_or_one_sentence():
    graph, rng = graph_pb2.GraphDef(), random.Random(1)
    for name in "abc":
        constant(graph, name, np.arange(3, dtype=np.float32))
    graph.node.add(name="d", op="Identity", input=["c"])
    graph.node.add(name="e", op="Pack", input=["a", "b:0", "d", "^init"])
    whole = graph.SerializeToString()
    assert saved_model.constant(read(graph), "e").tolist() == [[0, 1, 2]] * 3
    for _ in range(2000):
        damaged = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        try:
            assert saved_model.constant(saved_model.read_graph(bytes(damaged)), "e").size < 2**18
        except ValueError as error:
            assert str(error)
