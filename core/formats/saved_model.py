"""saved_model.pb: constants of a graph that TensorFlow has saved, read without TensorFlow, running nothing of it."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.files.regular import read_regular
from core.formats import messages
from core.formats.protobuf import Bytes, Fields, decode, last

_FLOATS = {number: messages.DTYPES[number] for number in (1, 2, 19)}
# The field of numbers that are not in tensor_content, and their type.
_SINGLE = {1: ("float_val", "<f4"), 2: ("double_val", "<f8")}
_PASSED_ON = ("Identity", "StopGradient")
_MAX_SIZE, _MAX_PASSES, _MAX_DIMS = 2**31, 20, 32
# Values that a constant may repeat beyond those in the file; the largest table of a published generator has 104448.
_MAX_REPEATED = 2**18


@dataclass(frozen=True)
class Node:
    """An operation of a graph."""

    op: str
    inputs: tuple[str, ...]
    message: Bytes


# Names of nodes -> their messages, which are decoded when they are asked for.
Graph = dict[str, Bytes]


def read(path: Path) -> list[Graph]:
    """The graphs of a SavedModel.

    Raises:
        FileNotFoundError: the file does not exist.
        ValueError: it is damaged.
    """
    content = read_regular(path, _MAX_SIZE)
    try:
        metas = decode(content, messages.SAVED_MODEL).get("meta_graphs", [])
        graphs = [graph for meta in metas for graph in decode(meta, messages.META_GRAPH).get("graph_def", [])]
        return [read_graph(graph) for graph in graphs]
    except ValueError as error:
        raise ValueError(f"{path} cannot be read as a SavedModel: {error}") from None


def read_graph(message: Bytes) -> Graph:
    """The nodes of a GraphDef message.

    Raises:
        ValueError: it is damaged.
    """
    name: Fields = {"name": messages.NODE["name"]}
    nodes = decode(message, messages.GRAPH).get("node", [])
    return {_text(last(decode(node, name), "name", b"")): node for node in nodes}


def constant(graph: Graph, name: str) -> np.ndarray:
    """The value of a node that depends on constants alone: a constant itself, or rows stacked from constants.

    Raises:
        ValueError: the graph has no such node, it depends on something else, or its value is damaged or too large.
    """
    name, node = _source(graph, name)
    if node.op != "Pack":
        return _constant(node, name)
    inputs = [each for each in node.inputs if not each.startswith("^")]
    rows: list[np.ndarray] = []
    for each in inputs:
        source, row = _source(graph, each)
        rows.append(_constant(row, source))
        if rows[0].size * len(inputs) > _MAX_REPEATED:
            raise ValueError(
                f"{name} has {len(inputs)} rows of {rows[0].size} values, more than {_MAX_REPEATED} in all"
            )
        if rows[-1].shape != rows[0].shape:
            raise ValueError(f"{name} has rows of different shapes")
    if not rows:
        raise ValueError(f"{name} has no rows")
    return np.stack(rows)


def _source(graph: Graph, name: str) -> tuple[str, Node]:
    """The node that a value comes from, behind those that only pass it on."""
    for _ in range(_MAX_PASSES):
        name = name.partition(":")[0]
        if name not in graph:
            raise ValueError(f"the graph has no node {name}")
        found = decode(graph[name], messages.NODE)
        node = Node(_text(last(found, "op", b"")), tuple(map(_text, found.get("input", []))), graph[name])
        if node.op not in _PASSED_ON or not node.inputs:
            break
        name = node.inputs[0]
    return name, node


def _constant(node: Node, name: str) -> np.ndarray:
    if node.op != "Const":
        raise ValueError(f"{name} is a {node.op}, not a constant of the graph")
    tensor = decode(_attribute(node, "value"), messages.TENSOR)
    if (kind := last(tensor, "dtype", 0)) not in _FLOATS:
        raise ValueError(f"{name} does not hold floating-point numbers")
    shape = _shape(last(tensor, "tensor_shape", b""), name)
    content = last(tensor, "tensor_content", b"")
    field, dtype = ("tensor_content", _FLOATS[kind]) if content else _SINGLE.get(kind, ("float_val", "<f4"))
    values = np.frombuffer(content or b"".join(tensor.get(field, [])), dtype)
    count = math.prod(shape)
    if len(values) != count and (content or not 0 < len(values) < count <= _MAX_REPEATED):
        raise ValueError(f"{name} has {len(values)} values instead of {count}")
    # The last value is that of all that follow.
    return np.pad(values, (0, count - len(values)), mode="edge").reshape(shape)


def _attribute(node: Node, key: str) -> Bytes:
    """The tensor in an attribute of a node."""
    for entry in decode(node.message, messages.NODE).get("attr", []):
        pair = decode(entry, messages.ATTR_ENTRY)
        value = decode(last(pair, "value", b""), messages.ATTR_VALUE)
        if _text(last(pair, "key", b"")) == key and "tensor" in value:
            return value["tensor"][-1]
    raise ValueError(f"a {node.op} lacks its {key}")


def _shape(message: Bytes, name: str) -> tuple[int, ...]:
    dims = decode(message, messages.TENSOR_SHAPE).get("dim", [])
    shape = tuple(last(decode(dim, messages.DIM), "size", 0) for dim in dims)
    if len(shape) > _MAX_DIMS or any(size < 0 for size in shape):
        raise ValueError(f"{name} does not have a shape that is known")
    return shape


def _text(value: Bytes) -> str:
    return bytes(value).decode()
