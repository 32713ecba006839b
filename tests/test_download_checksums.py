"""`hallu models add` compares what it fetches with the checksum that the server sends, or that its user knows."""

import base64
import hashlib
import zlib

import pytest
from test_install_sound_models import fails, installed, pack
from web import serving

from core.families import Download
from gansynth.family import FAMILY
from scripts.hallu import main


def b64(algorithm, data):
    return base64.b64encode(hashlib.new(algorithm, data).digest()).decode()


def headers_of(data):
    """How Google's storage, Amazon's and others say what a file is, by name."""
    crc = base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()
    return {
        "google": [("x-goog-hash", f"crc32c={crc}"), ("x-goog-hash", f"md5={b64('md5', data)}")],
        "google, one line": [("x-goog-hash", f"crc32c={crc},md5={b64('md5', data)}")],
        "amazon": [("ETag", f'"{hashlib.md5(data).hexdigest()}"'), ("x-amz-request-id", "1")],
        "repr-digest": [("Repr-Digest", f"sha-256=:{b64('sha256', data)}:")],
        "content-md5": [("Content-MD5", b64("md5", data))],
    }


KINDS = list(headers_of(b""))


def add(address, tmp_path, *more):
    return ["models", "add", address, "--to", str(tmp_path / "mine"), *more]


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_what_the_server_says_is_added(tmp_path, kind):
    data = pack(tmp_path / "x.zip").read_bytes()
    with serving(tmp_path, headers_of(data)[kind]) as root:
        assert main(add(f"{root}/x.zip", tmp_path)) == 0
    assert installed(tmp_path) == ["small"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_another_one_is_refused(tmp_path, capsys, kind):
    pack(tmp_path / "x.zip")
    with serving(tmp_path, headers_of(b"the file that was sent")[kind]) as root:
        assert main(add(f"{root}/x.zip", tmp_path)) == 1
    assert "x.zip arrived damaged" in capsys.readouterr().err.splitlines()[-1]
    assert installed(tmp_path) == []


@pytest.mark.parametrize(
    "headers",
    [
        [("ETag", '"0123456789abcdef0123456789abcdef"')],
        [("ETag", '"0123456789abcdef0123456789abcdef-3"'), ("x-amz-request-id", "1")],
        [("x-goog-hash", "md5=???"), ("Repr-Digest", "sha-512=:AAAA:")],
    ],
)
def test_what_is_not_a_checksum_of_the_file_is_passed_over(tmp_path, headers):
    pack(tmp_path / "x.zip")
    with serving(tmp_path, headers) as root:
        assert main(add(f"{root}/x.zip", tmp_path)) == 0


@pytest.mark.parametrize("file", ["", "weights.npz"])
def test_a_known_model_that_has_changed_is_refused(tmp_path, capsys, monkeypatch, file):
    pack(tmp_path / "x.zip")
    with serving(tmp_path) as root:
        monkeypatch.setitem(FAMILY.downloads, "acoustic_only", (Download(f"{root}/x.zip", file, "0" * 64),))
        assert main(add("acoustic_only", tmp_path)) == 1
    assert "SHA-256" in capsys.readouterr().err.splitlines()[-1]
    assert installed(tmp_path) == []


def test_a_checksum_that_the_user_knows_is_compared(tmp_path, capsys):
    archive = pack(tmp_path / "x.zip")
    right = hashlib.sha256(archive.read_bytes()).hexdigest()
    assert f"its SHA-256 is {right}, not {'0' * 64}" in fails(capsys, *add(archive, tmp_path, "--sha256", "0" * 64))
    assert "64 hexadecimal digits, not '12'" in fails(capsys, *add(archive, tmp_path, "--sha256", "12"))
    assert "only a file has a SHA-256" in fails(capsys, *add(tmp_path, tmp_path, "--sha256", right))
    assert main(add(str(archive), tmp_path, "--sha256", right.upper())) == 0
