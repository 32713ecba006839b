"""Checksums that a server sends with a file, so that a download that was damaged on its way is noticed.

Google's storage sends `x-goog-hash` (md5 and crc32c), Amazon's an `ETag` that is the MD5 of a file that came in one
part; others `Content-MD5` (RFC 1864) or `Repr-Digest` (RFC 9530).
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

_LENGTHS = {"sha256": 64, "md5": 32}
_MD5_ETAG = re.compile(r'"([0-9a-f]{32})"')
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(frozen=True)
class Checksum:
    """What a file's checksum is to be.

    Attributes:
        algorithm: "sha256" or "md5".
        value: hexadecimal.
    """

    algorithm: str
    value: str


def announced(headers: Message) -> Checksum | None:
    """The strongest checksum in the headers of a reply; None: there is none that can be used."""
    # What was compressed for the way has another checksum than the file.
    if headers.get("Content-Encoding", "identity").lower() != "identity":
        return None
    found = list(_all(headers))
    return next((one for name in _LENGTHS for one in found if one.algorithm == name), None)


def checked_sha256(text: str) -> str:
    """A SHA-256 that somebody typed, in lower case.

    Raises:
        ValueError: it is not one.
    """
    if not _SHA256.fullmatch(text):
        raise ValueError(f"a SHA-256 has 64 hexadecimal digits, not {text[:70]!r}")
    return text.lower()


def new(checksum: Checksum | None) -> "hashlib._Hash":
    """An object that computes such a checksum; None: a SHA-256."""
    return hashlib.new(checksum.algorithm if checksum else "sha256", usedforsecurity=False)


def _all(headers: Message) -> Iterator[Checksum]:
    for header, separator in (("Repr-Digest", ":"), ("x-goog-hash", "")):
        for part in ",".join(headers.get_all(header, [])).split(","):
            name, _, value = part.strip().partition("=")
            yield from _base64(name.replace("sha-256", "sha256"), value.strip(separator or " "))
    yield from _base64("md5", headers.get("Content-MD5", ""))
    etag = _MD5_ETAG.fullmatch(headers.get("ETag", ""))
    if etag and "x-amz-request-id" in headers and "kms" not in headers.get("x-amz-server-side-encryption", ""):
        yield Checksum("md5", etag[1])


def _base64(algorithm: str, text: str) -> Iterator[Checksum]:
    """The checksum that is written so; nothing if it is another kind, or damaged."""
    try:
        value = base64.b64decode(text, validate=True).hex()
    except (binascii.Error, ValueError):
        return
    if len(value) == _LENGTHS.get(algorithm):
        yield Checksum(algorithm, value)
