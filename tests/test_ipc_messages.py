"""Messages between the server and a renderer."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.ipc.messages import MAX_ARRAYS, decode, encode


def test_what_is_sent_arrives():
    keys = np.arange(6, dtype=np.float32).reshape(2, 3)
    event = decode(encode("made", {"target": "Käfer", "duration_s": 1.5}, keys=keys, times=np.zeros(0)))
    assert (event.topic, event.fields) == ("made", {"target": "Käfer", "duration_s": 1.5})
    np.testing.assert_array_equal(event.arrays["keys"], keys)
    assert event.arrays["times"].shape == (0,)


def test_samples_stay_whole_numbers():
    samples = np.array([-32768, 0, 32767], np.int16)
    arrays = decode(encode("wave", samples=samples, other=np.arange(3))).arrays
    assert (arrays["samples"].dtype, arrays["other"].dtype) == (np.int16, np.float32)
    np.testing.assert_array_equal(arrays["samples"], samples)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_only_finite_numbers_are_sent(value):
    with pytest.raises(ValueError, match="not finite"):
        encode("made", keys=np.array([value]))
    with pytest.raises(ValueError, match="JSON"):
        encode("made", {"duration_s": float(value)})


def shaped(shape, name="a"):
    return json.dumps({"arrays": [{"name": name, "shape": shape}]}).encode()


@pytest.mark.parametrize(
    ("frames", "reason"),
    [
        ([], "2 to"),
        ([b"made"], "2 to"),
        ([b"made", b"{}"] + [b""] * (MAX_ARRAYS + 1), "2 to"),
        ([b"\xff", b"{}"], "not readable"),
        ([b"made", b"{"], "not readable"),
        ([b"made", b"[" * 100_000], "not readable"),
        ([b"made", b'{"x": NaN}'], "NaN is not a number"),
        ([b"made", b"[]"], "must be a JSON object, not list"),
        ([b"made", b"{}", b"1234"], "for 1 arrays"),
        ([b"made", b'{"arrays": [3]}', b"1234"], "a name and a shape"),
        ([b"made", shaped([2]), b"1234"], "do not fit the shape"),
        ([b"made", b'{"arrays": [{"name": "a", "kind": "object", "shape": [1]}]}', b"1234"], "float32 or int16"),
        ([b"made", b'{"arrays": [{"name": "a", "kind": ["<f4"], "shape": [1]}]}', b"1234"], "float32 or int16"),
        ([b"made", b'{"arrays": [{"name": "a", "kind": "int16", "shape": [1]}]}', b"1234"], "do not fit the shape"),
        ([b"made", shaped([-1, -1]), b"1234"], "do not fit the shape"),
        ([b"made", shaped([True]), b"1234"], "a name and a shape"),
        ([b"made", shaped([1]), np.array([np.nan], "<f4").tobytes()], "not finite"),
    ],
)
def test_what_is_no_message_is_refused(frames, reason):
    with pytest.raises(ValueError, match=reason):
        decode(frames)


@given(st.lists(st.binary(max_size=60), max_size=5))
def test_random_bytes_are_a_message_or_a_value_error(frames):
    try:
        decode(frames)
    except ValueError as error:
        assert str(error)
