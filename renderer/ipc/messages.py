"""Messages between the server and a renderer, over ZeroMQ: a topic, JSON, arrays. Nothing in them is executed.

A message has the frames [topic, JSON object, array, array, ...], each array of bytes, or little-endian float32 or
int16, in row order; the JSON's "arrays" lists their names, kinds and shapes.

The server publishes:

* welcome: the answer to hello
* loaded: model ("" for none), latent_size, sample_rate
* busy: busy, whether the engine works
* sound: target, kind, duration_s, sample_rate, pitch, part, drive; arrays key_times_s, keys, loudness, onsets, chroma,
  brightness
* samples: target, sample_rate; array samples, int16
* play: target, position_s
* stop: target, "" for whatever plays
* command: id, address, values by name
* watch: keep the frames that are shown in mind, from now on
* frames: id, seconds: which frames were shown in the last seconds
* beat: every two seconds, so that a renderer notices that the line was cut, or another server has come
* bye: the server ends

and to the pages that renderers serve:

* told: page, id, reply; a reply to what a page has asked, the last one /done or /fail
* audio: page, target, sample_rate; array samples, float32
* state: name, osc_host, osc_port, values and choices by address, pitches; when something is set

A renderer sends:

* hello: name, version, images (false: it serves a page without images); until it gets welcome
* heartbeat: fps, page, images; every second
* ask: page, id, address, values; a page asks the server for something. Without an address: for `state`
* progress: id, done, total
* reply: id, replies, error
* frames: id, last, whether it is the last part of the answer; arrays frames, bytes [n, edge, edge, 3], and ages_s
* notice: address of a command, and a reply that follows its end
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

# The features of the longest hallucination (30 min) take 5 MB.
MAX_BYTES = 64 * 2**20
MAX_ARRAYS = 16
# All samples (int16) that are kept of the last sounds; half an hour at 16 kHz takes 58 MB.
SAMPLES_BYTES = 60 * 2**20
_KINDS: dict[str, np.dtype[Any]] = {
    "float32": np.dtype("<f4"),
    "int16": np.dtype("<i2"),
    "uint8": np.dtype("u1"),
}


@dataclass(frozen=True)
class Event:
    """One message: `fields` are plain JSON values, `arrays` float32, int16 or uint8."""

    topic: str
    fields: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)


def encode(topic: str, fields: Mapping[str, Any] | None = None, **arrays: np.ndarray) -> list[bytes]:
    """The frames of a message. Arrays of int16 and uint8 stay so, all others become float32.

    Raises:
        ValueError: a number is not finite.
    """
    kinds = {name: array.dtype.name if array.dtype.name in _KINDS else "float32" for name, array in arrays.items()}
    numbers = {name: np.ascontiguousarray(array, _KINDS[kinds[name]]) for name, array in arrays.items()}
    if not all(np.isfinite(array).all() for array in numbers.values()):
        raise ValueError(f"an array of {topic!r} holds a value that is not finite")
    shapes = [{"name": name, "kind": kinds[name], "shape": array.shape} for name, array in numbers.items()]
    content = json.dumps({**(fields or {}), "arrays": shapes}, allow_nan=False)
    return [topic.encode(), content.encode(), *(array.tobytes() for array in numbers.values())]


def decode(frames: Sequence[bytes]) -> Event:
    """The message in these frames.

    Raises:
        ValueError: they are not a message; the text says why.
    """
    if not 2 <= len(frames) <= 2 + MAX_ARRAYS or sum(map(len, frames)) > MAX_BYTES:
        raise ValueError(f"a message has 2 to {2 + MAX_ARRAYS} frames of {MAX_BYTES} bytes together, not these")
    try:
        topic, fields = frames[0].decode(), json.loads(frames[1].decode(), parse_constant=_refuse)
    except (UnicodeDecodeError, RecursionError, ValueError) as error:
        raise ValueError(f"a message is not readable: {error}") from None
    if not isinstance(fields, dict):
        raise ValueError(f"a message's second frame must be a JSON object, not {type(fields).__name__}")
    return Event(topic, fields, _arrays(fields.pop("arrays", []), frames[2:]))


def _refuse(word: str) -> float:
    raise ValueError(f"{word} is not a number")


def _arrays(listed: Any, frames: Sequence[bytes]) -> dict[str, np.ndarray]:
    if not isinstance(listed, list) or len(listed) != len(frames):
        raise ValueError(f"a message lists {listed!r:.80} for {len(frames)} arrays")
    return dict(_array(row, frame) for row, frame in zip(listed, frames, strict=True))


def _array(row: Any, frame: bytes) -> tuple[str, np.ndarray]:
    name, shape = (row.get("name"), row.get("shape")) if isinstance(row, dict) else (None, None)
    if not isinstance(name, str) or not isinstance(shape, list) or not all(type(size) is int for size in shape):
        raise ValueError(f"an array must have a name and a shape, not {row!r:.80}")
    kind = row.get("kind", "float32")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise ValueError(f"the array {name!r:.40} must be of {' or '.join(_KINDS)}, not {kind!r:.40}")
    numbers = _KINDS[kind]
    if len(shape) > 4 or min(shape, default=0) < 0 or math.prod(shape) * numbers.itemsize != len(frame):
        raise ValueError(f"the array {name!r:.40} has {len(frame)} bytes, which do not fit the shape {shape}")
    array = np.frombuffer(frame, numbers).reshape(shape).astype(kind)
    if not np.isfinite(array).all():
        raise ValueError(f"the array {name!r:.40} holds a value that is not finite")
    return name, array
