"""TFRecord files, and the tf.train.Example that each record holds, read and written without TensorFlow.

A record is its length (8 bytes), the length's checksum (4), the data, and the data's checksum (4). An example is a
feature by name: floats, whole numbers or byte strings.

Source: TensorFlow's lib/io/record_writer.cc and core/example/example.proto.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from core.files.regular import open_regular
from core.formats import messages
from core.formats.checksum import masked_crc
from core.formats.protobuf import Fields, decode, encode, last, to_varint, varints

_LENGTH, _CHECKSUM = 8, 4
Feature = np.ndarray | Sequence[bytes]


def read(path: Path) -> Iterator[bytes]:
    """The data of each record, in order.

    Raises:
        FileNotFoundError: the file does not exist.
        ValueError: it is not a regular file, or a record is damaged.
    """
    with open_regular(path) as file:
        left = os.fstat(file.fileno()).st_size
        number = 0
        while left:
            number += 1
            try:
                data = _read_record(file, left)
            except ValueError as error:
                raise ValueError(f"{path} is damaged: {error} (record {number})") from None
            left -= _LENGTH + _CHECKSUM + len(data) + _CHECKSUM
            yield data


def write(file: BinaryIO, data: bytes) -> None:
    """Append a record to an open file."""
    length = len(data).to_bytes(_LENGTH, "little")
    file.write(length + _checksum(length) + data + _checksum(data))


def decode_example(record: bytes) -> dict[str, Feature]:
    """The features of an example: float32 [n], int64 [n], or a list of bytes; an empty one is an empty list.

    Raises:
        ValueError: the record is damaged.
    """
    found: dict[str, Feature] = {}
    for features in decode(record, messages.EXAMPLE).get("features", []):
        for entry in decode(features, messages.FEATURES).get("feature", []):
            pair = decode(entry, messages.FEATURE_ENTRY)
            found[bytes(last(pair, "key", b"")).decode()] = _decode_feature(last(pair, "value", b""))
    return found


def encode_example(features: Mapping[str, Feature]) -> bytes:
    """An example; arrays of whole numbers become int64, all others float32. Names ascend, so the bytes are the same."""
    entries = []
    for name, value in sorted(features.items()):
        pair = {"key": name.encode(), "value": _encode_feature(value)}
        entries.append(encode(messages.FEATURE_ENTRY, pair))
    return encode(messages.EXAMPLE, {"features": encode(messages.FEATURES, {"feature": entries})})


def _read_record(file: BinaryIO, left: int) -> bytes:
    """A record's data, of which no more is read than the `left` bytes of the file."""
    if left < _LENGTH + 2 * _CHECKSUM:
        raise ValueError("it ends in the middle of a record")
    length = file.read(_LENGTH)
    if file.read(_CHECKSUM) != _checksum(length):
        raise ValueError("the checksum of a length is wrong")
    size = int.from_bytes(length, "little")
    if size > left - _LENGTH - 2 * _CHECKSUM:
        raise ValueError("it ends in the middle of a record")
    data = file.read(size)
    if file.read(_CHECKSUM) != _checksum(data):
        raise ValueError("the checksum of the data is wrong")
    return data


def _checksum(data: bytes) -> bytes:
    return masked_crc(data).to_bytes(_CHECKSUM, "little")


def _decode_feature(message: bytes) -> Feature:
    kinds = decode(message, messages.FEATURE)
    if "float_list" in kinds:
        return np.frombuffer(_joined(last(kinds, "float_list", b""), messages.FLOAT_LIST), "<f4")
    if "int64_list" in kinds:
        return np.fromiter(varints(_joined(last(kinds, "int64_list", b""), messages.INT64_LIST)), np.int64)
    values = decode(last(kinds, "bytes_list", b""), messages.BYTES_LIST).get("value", [])
    return [bytes(value) for value in values]


def _joined(message: bytes, fields: Fields) -> bytes:
    """A list's numbers, packed."""
    return b"".join(decode(message, fields).get("value", []))


def _encode_feature(value: Feature) -> bytes:
    if not isinstance(value, np.ndarray):
        return encode(messages.FEATURE, {"bytes_list": encode(messages.BYTES_LIST, {"value": list(value)})})
    if value.dtype.kind in "iub":
        packed = b"".join(to_varint(int(number)) for number in value.ravel())
        return encode(messages.FEATURE, {"int64_list": _list(messages.INT64_LIST, packed)})
    packed = value.ravel().astype("<f4").tobytes()
    return encode(messages.FEATURE, {"float_list": _list(messages.FLOAT_LIST, packed)})


def _list(fields: Fields, packed: bytes) -> bytes:
    return encode(fields, {"value": packed} if packed else {})
