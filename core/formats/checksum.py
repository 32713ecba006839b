"""The checksum of TensorFlow's files: CRC-32C, masked so that data which hold checksums can be checksummed too.

Source: LevelDB's util/crc32c.h.
"""

import google_crc32c

_MASK_DELTA = 0xA282EAD8


def crc(data: bytes, start: int = 0) -> int:
    """CRC-32C of bytes; `start` is that of the bytes before them."""
    return int(google_crc32c.extend(start, data))


def masked(value: int) -> int:
    """A checksum as it is stored."""
    return ((value >> 15 | value << 17) + _MASK_DELTA) & 0xFFFFFFFF


def masked_crc(data: bytes) -> int:
    """The stored checksum of bytes."""
    return masked(crc(data))
