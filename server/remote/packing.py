"""Blocks of a WAV file in fewer bytes, without loss.

The network's samples are 32-bit floats with noise in their last bits, so little can be saved: FLAC, which takes 24 bits
at most, would cut them off. Each float is taken as an integer in the same order, the one before it subtracted, and
bytes of the same place put beside each other; then zlib at its fastest finds what repeats. docs/remote.md has figures.
"""

import zlib

import numpy as np

BLOCK = 1 << 16
_SAMPLE = 4
_RAW, _WORDS, _BYTES = b"r", b"w", b"b"
_SIGN = np.uint32(1 << 31)


def pack(block: bytes, lead: int | None = 0) -> bytes:
    """Pack a block of at most BLOCK bytes.

    Args:
        block: the bytes of a file.
        lead: how many of them come before the first sample; None: these are not samples.
    """
    if lead is None:
        form, found = _BYTES, zlib.compress(block, 1)
    else:
        end = lead + (len(block) - lead) // _SAMPLE * _SAMPLE
        form = _WORDS + bytes([lead])
        found = zlib.compress(block[:lead] + _planes(block[lead:end]) + block[end:], 1)
    return form + found if len(form) + len(found) <= len(block) else _RAW + block


def unpack(packed: bytes) -> bytes:
    """The block.

    Raises:
        ValueError: it is damaged, or longer than BLOCK.
    """
    form = packed[:1]
    if form == _RAW:
        return _checked(packed[1:])
    if form == _BYTES:
        return _inflated(packed[1:])
    if form != _WORDS or len(packed) < 2:
        raise ValueError(f"a packed block cannot begin with {form!r}")
    block, lead = _inflated(packed[2:]), packed[1]
    if lead > len(block):
        raise ValueError(f"a packed block of {len(block)} bytes cannot have {lead} before its samples")
    end = lead + (len(block) - lead) // _SAMPLE * _SAMPLE
    return block[:lead] + _samples(block[lead:end]) + block[end:]


def _planes(samples: bytes) -> bytes:
    """Differences of floats in their order as integers, byte by byte of the same place."""
    bits = np.frombuffer(samples, "<u4")
    ordered = np.where(bits & _SIGN, ~bits, bits | _SIGN)
    steps = np.diff(ordered, prepend=np.uint32(0)).view(np.int32)
    # Small steps of either sign become small numbers.
    small = ((steps << 1) ^ (steps >> 31)).astype("<i4")
    return np.ascontiguousarray(small.view(np.uint8).reshape(-1, _SAMPLE).T).tobytes()


def _samples(planes: bytes) -> bytes:
    """The inverse of `_planes`."""
    bytes_ = np.ascontiguousarray(np.frombuffer(planes, np.uint8).reshape(_SAMPLE, -1).T)
    small = bytes_.view("<u4").ravel()
    steps = (small >> np.uint32(1)) ^ (np.uint32(0) - (small & np.uint32(1)))
    ordered = np.cumsum(steps, dtype=np.uint32)
    return np.where(ordered & _SIGN, ordered ^ _SIGN, ~ordered).astype("<u4").tobytes()


def _inflated(data: bytes) -> bytes:
    inflater = zlib.decompressobj()
    try:
        block = inflater.decompress(data, BLOCK + 1)
    except zlib.error as error:
        raise ValueError(f"a packed block is damaged: {error}") from None
    if not inflater.eof or inflater.unused_data:
        raise ValueError("a packed block has the wrong length")
    return _checked(block)


def _checked(block: bytes) -> bytes:
    if len(block) > BLOCK:
        raise ValueError(f"a block holds at most {BLOCK} bytes, not {len(block)}")
    return block
