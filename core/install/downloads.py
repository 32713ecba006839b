"""Download models, by address or by a known name."""

import urllib.request
from collections.abc import Sequence
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit

from core import families
from core.families import Download
from core.files import regular
from core.install import archives, checksums
from core.progress import Progress, ignore

_TIMEOUT_S = 30


def fetch(source: str, scratch: Path, progress: Progress = ignore) -> Path:
    """Download a model's folder or archive into a scratch folder.

    Args:
        source: an http(s) address, or the name of a known model of any family.
        scratch: an existing folder.
        progress: counts the bytes of each file; 0 in all where the server does not say how many there are.

    Raises:
        FileNotFoundError: `source` is neither.
        OSError: it cannot be downloaded.
        ValueError: it is too large, or its checksum is another one.
    """
    known = families.known_models()
    if source in known:
        return _known_model(source, known[source], scratch, progress)
    if urlsplit(source).scheme not in ("http", "https"):
        raise FileNotFoundError(
            f"{source!r} is not a folder, an archive, an http(s) address or one of {', '.join(known)}"
        )
    archive = scratch / (_last_part(source) or "model")
    download(source, archive, progress=progress)
    return archive


def _known_model(name: str, files: Sequence[Download], scratch: Path, progress: Progress) -> Path:
    """The archive of a known model, or the folder with its files."""
    folder = scratch / name
    for file in files:
        if not file.file:
            archive = scratch / (_last_part(file.address) or name)
            download(file.address, archive, file.sha256, progress)
            return archive
        folder.mkdir(exist_ok=True)
        download(file.address, folder / file.file, file.sha256, progress)
    return folder


def _last_part(address: str) -> str:
    """The last part of an address that is not a version number."""
    parts = [part for part in PurePosixPath(unquote(urlsplit(address).path)).parts if part != "/"]
    return next((part for part in reversed(parts) if not part.isdecimal()), "")


def download(address: str, path: Path, sha256: str | None = None, progress: Progress = ignore) -> None:
    """Download a file.

    Args:
        address: http(s).
        path: of the new file.
        sha256: the checksum that it must have, hexadecimal; None: any.
        progress: counts bytes.

    Raises:
        OSError: it cannot be downloaded, or has another checksum than the server says; the message names the address.
        ValueError: it is too large, or its checksum is another one than `sha256`.
    """
    try:
        with urllib.request.urlopen(address, timeout=_TIMEOUT_S) as response, path.open("wb") as sink:
            total = int(response.headers.get("Content-Length") or 0)
            announced = checksums.announced(response.headers)
            computed = checksums.new(announced)

            def write(data: bytes) -> None:
                sink.write(data)
                computed.update(data)
                progress(sink.tell(), total)

            archives.copy(response.read, write, archives.MAX_BYTES)
    except (URLError, HTTPException, ConnectionError, TimeoutError) as error:
        # An HTTPError gives its number only as text; other URLErrors say more in their reason.
        reason = error if isinstance(error, HTTPError) else getattr(error, "reason", error)
        raise OSError(f"{address} cannot be fetched: {reason}") from None
    if total and path.stat().st_size != total:
        raise OSError(f"{address}: the connection broke after {path.stat().st_size} of {total} bytes")
    if announced and computed.hexdigest() != announced.value:
        raise OSError(
            f"{address} arrived damaged: its {announced.algorithm.upper()} is {computed.hexdigest()}, the server says "
            f"{announced.value}"
        )
    if sha256 is not None and (found := regular.sha256(path)) != sha256.lower():
        raise ValueError(f"{address} is not the published file: its SHA-256 is {found}, not {sha256.lower()}")
