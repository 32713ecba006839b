"""saved_model.pb: constants of the graph that TensorFlow has saved, read without TensorFlow, running nothing of it.

Source: Protocol Buffers' encoding, and TensorFlow's saved_model.proto, graph.proto, attr_value.proto and tensor.proto,
whose field numbers stand below.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Bytes = memoryview
_DTYPES = {1: "<f4", 2: "<f8", 19: "<f2"}
# Each float or double of TensorProto that stands by itself: field number and dtype.
_SINGLE = {1: (5, "<f4"), 2: (6, "<f8")}
_PASSED_ON = ("Identity", "StopGradient")
DEPTH = 20


@dataclass(frozen=True)
class Node:
    """An operation of a graph."""

    op: str
    inputs: tuple[str, ...]
    message: Bytes


Graph = dict[str, Node]


def read(path: Path) -> list[Graph]:
    """The graphs of a SavedModel, their nodes by name.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is damaged.
    """
    try:
        metas = _messages(memoryview(path.read_bytes()), 2)
        return [_graph(message) for meta in metas for message in _messages(meta, 2)]
    except (ValueError, IndexError) as error:
        raise ValueError(f"{path} is no readable SavedModel: {error}") from None


def constant(graph: Graph, name: str, stacked: bool = True) -> np.ndarray:
    """The value of a node that depends on constants alone: one itself, or rows stacked from such.

    Args:
        graph: from `read`.
        name: of the node.
        stacked: whether it may be a stack.

    Raises:
        ValueError: there is no such node, or it depends on something else.
    """
    name, node = _source(graph, name)
    if node.op == "Const":
        return _tensor(_attribute(node, "value", 8), name)
    if node.op == "Pack" and stacked:
        rows = [constant(graph, each, stacked=False) for each in node.inputs if not each.startswith("^")]
        if len({row.shape for row in rows}) == 1:
            return np.stack(rows)
    raise ValueError(f"{name} is a {node.op}, which is no constant of the graph")


def _source(graph: Graph, name: str) -> tuple[str, Node]:
    """The node that a value comes from, behind those that only pass it on."""
    for _ in range(DEPTH):
        name = name.partition(":")[0]
        if name not in graph:
            raise ValueError(f"the graph has no node {name}")
        node = graph[name]
        if node.op not in _PASSED_ON or not node.inputs:
            break
        name = node.inputs[0]
    return name, node


def _graph(message: Bytes) -> Graph:
    found = {}
    for node in _messages(message, 1):
        parts = list(_fields(node))
        names = {number: _text(value) for number, value in parts if number in (1, 2)}
        inputs = tuple(_text(value) for number, value in parts if number == 3)
        found[names.get(1, "")] = Node(names.get(2, ""), inputs, node)
    return found


def _attribute(node: Node, key: str, kind: int) -> Bytes:
    for entry in _messages(node.message, 5):
        parts = dict(_fields(entry))
        value = parts.get(2)
        if _text(parts.get(1)) == key and isinstance(value, Bytes):
            return next(_messages(value, kind), memoryview(b""))
    raise ValueError(f"a {node.op} lacks its {key}")


def _tensor(message: Bytes, name: str) -> np.ndarray:
    parts = list(_fields(message))
    kind = next((value for number, value in parts if number == 1), None)
    if kind not in _DTYPES:
        raise ValueError(f"{name} holds no floating-point numbers")
    sizes = [dict(_fields(dim)).get(1, 0) for shape in _messages(message, 2) for dim in _messages(shape, 2)]
    if any(not isinstance(size, int) for size in sizes):
        raise ValueError(f"{name} has no shape")
    content = next((value for number, value in parts if number == 4), None)
    values = np.frombuffer(content, _DTYPES[kind]) if content else _single_values(parts, kind)
    count = math.prod(sizes)
    if len(values) != count and (content or not 0 < len(values) < count <= 2**24):
        raise ValueError(f"{name} has {len(values)} values instead of {count}")
    # The last value stands for all that follow.
    return np.pad(values, (0, count - len(values)), mode="edge").reshape(sizes)


def _single_values(parts: list[tuple[int, Any]], kind: int) -> np.ndarray:
    field, dtype = _SINGLE.get(kind, (0, "<f4"))
    chunks = [bytes(value) for number, value in parts if number == field and isinstance(value, Bytes)]
    return np.frombuffer(b"".join(chunks), dtype)


def _messages(message: Bytes, number: int) -> Iterator[Bytes]:
    """The messages in a message's field."""
    return (value for found, value in _fields(message) if found == number and isinstance(value, Bytes))


def _fields(message: Bytes) -> Iterator[tuple[int, Any]]:
    """A message's fields: number and value, an int or the bytes."""
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        if (wire := tag & 7) == 0:
            value, place = _varint(message, place)
            yield tag >> 3, value
            continue
        if wire == 2:
            length, place = _varint(message, place)
        elif wire in (1, 5):
            length = 8 if wire == 1 else 4
        else:
            raise ValueError(f"a field has the unknown wire type {wire}")
        if place + length > len(message):
            raise ValueError("it ends in the middle of a field")
        yield tag >> 3, message[place : place + length]
        place += length


def _varint(message: Bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while shift < 70:
        byte = message[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value, place
    raise ValueError("a number is longer than 10 bytes")


def _text(value: Any) -> str:
    return bytes(value).decode() if isinstance(value, Bytes) else ""
