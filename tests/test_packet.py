"""OSC datagrams: our decoder and what we send, held together with python-osc."""

import struct

import pytest
from conftest import datagram
from hypothesis import example, given
from hypothesis import strategies as st
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from server.osc.packet import Message, PacketError, decode, encode

ARGS = ("word", 1, -(2**31), 0.5, "", "Käfer", 2**31 - 1)

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=50)
ADDRESS = TEXT.map(lambda text: "/" + text)
FLOAT = st.floats(width=32, allow_nan=False)
INT = st.integers(-(2**31), 2**31 - 1)
VALUE = st.one_of(TEXT, FLOAT, INT)
# Names as clients send them, in any encoding.
BYTES_TEXT = st.binary(max_size=50).map(lambda data: data.replace(b"\0", b"").decode("utf-8", "surrogateescape"))
MESSAGE = st.builds(Message, ADDRESS, st.lists(VALUE, max_size=40).map(tuple))


def test_python_osc_reads_what_we_write():
    message = OscMessage(encode(Message("/a/b", ARGS)))
    assert (message.address, tuple(message.params)) == ("/a/b", ARGS)


def test_we_read_what_python_osc_writes():
    assert list(decode(datagram("/a/b", *ARGS))) == [Message("/a/b", ARGS)]


def test_replies_have_no_types_but_i_f_s():
    assert encode(Message("/a", (1, 1.5, "x")))[4:8] == b",ifs"


def test_an_integer_too_large_for_a_reply_is_an_error():
    with pytest.raises(ValueError, match="32-bit"):
        encode(Message("/a", (2**31,)))


def test_a_reply_too_long_for_a_datagram_is_an_error():
    with pytest.raises(ValueError, match="65507"):
        encode(Message("/a", ("x" * 65507,)))


def built(message, kinds=None):
    """The message as python-osc's builder makes it."""
    builder = OscMessageBuilder(message.address)
    for value, kind in zip(message.args, kinds or [None] * len(message.args), strict=True):
        builder.add_arg(value, kind)
    return builder.build().dgram


@given(MESSAGE)
def test_both_read_what_we_send(message):
    theirs = OscMessage(encode(message))
    assert (theirs.address, tuple(theirs.params)) == (message.address, message.args)
    assert list(decode(encode(message))) == [message]


# Left alone, python-osc sends the least number of 32 bits in 64.
@example(Message("/", (-(2**31),)))
@given(MESSAGE)
def test_what_we_send_is_what_python_osc_builds(message):
    kinds = [{int: "i", float: "f", str: "s"}[type(value)] for value in message.args]
    assert encode(message) == built(message, kinds)


@given(
    ADDRESS, st.lists(st.floats(allow_nan=False), max_size=9), st.lists(st.integers(-(2**63), 2**63 - 1), max_size=9)
)
def test_both_read_64_bit_numbers(address, doubles, wholes):
    data = built(Message(address, (*doubles, *wholes)), ["d"] * len(doubles) + ["h"] * len(wholes))
    assert list(decode(data)) == [Message(address, tuple(OscMessage(data).params))]


@given(st.lists(MESSAGE, min_size=1, max_size=5))
def test_both_read_bundles(messages):
    builder = OscBundleBuilder(IMMEDIATELY)
    for message in messages:
        builder.add_content(OscMessage(built(message)))
    theirs = OscBundle(builder.build().dgram)
    assert [(one.address, tuple(one.params)) for one in theirs] == [(one.address, one.args) for one in messages]
    assert list(decode(theirs.dgram)) == messages


@given(ADDRESS, st.lists(st.one_of(BYTES_TEXT, FLOAT, INT), max_size=20).map(tuple))
def test_names_that_are_not_utf_8_come_back_byte_by_byte(address, args):
    assert list(decode(encode(Message(address, args)))) == [Message(address, args)]


def test_a_zero_byte_in_a_string_is_left_out():
    assert list(decode(encode(Message("/a", ("x\0y", 1))))) == [Message("/a", ("xy", 1))]


def test_a_truth_value_is_an_integer():
    assert encode(Message("/a", (True,))) == encode(Message("/a", (1,)))


@pytest.mark.parametrize("message", [Message(""), Message("/a", (1e300,))])
def test_what_cannot_be_encoded_is_named(message):
    with pytest.raises(ValueError, match="cannot be encoded"):
        encode(message)


def test_floats_that_are_not_finite_pass():
    (message,) = decode(encode(Message("/a", (float("inf"), float("nan")))))
    assert struct.pack(">ff", *message.args) == struct.pack(">ff", float("inf"), float("nan"))


def test_a_type_that_python_osc_skips_is_an_error():
    (error,) = decode(b"/a\0\0,xi\0" + struct.pack(">i", 5))
    assert isinstance(error, PacketError)
    assert "'x'" in str(error)
