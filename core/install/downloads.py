"""Models from the web: by address, or by a known name."""

import urllib.request
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit

from tqdm import tqdm

from core.install import archives

# Magenta's voices, and the picture models of pytorch-pretrained-biggan, whose files have addresses of their own.
VOICES, PICTURES = ("all_instruments", "acoustic_only"), ("biggan-deep-128", "biggan-deep-256", "biggan-deep-512")
KNOWN = VOICES + PICTURES
_MAGENTA = "https://storage.googleapis.com/magentadata/models/gansynth/{}.zip"
_HUGGING_FACE = "https://s3.amazonaws.com/models.huggingface.co/biggan/{}-{}"
_FILES = ("config.json", "pytorch_model.bin")
_SILENCE_S = 30


def fetch(source: str, scratch: Path) -> Path:
    """A model's folder or archive, from an address or by a known name, in a scratch folder.

    Raises:
        FileNotFoundError: it is no http(s) address and no known name.
        OSError: it cannot be had.
        ValueError: it is too big.
    """
    if source in PICTURES:
        folder = scratch / source
        folder.mkdir()
        for name in _FILES:
            download(_HUGGING_FACE.format(source, name), folder / name)
        return folder
    url = _MAGENTA.format(source) if source in VOICES else source
    if urlsplit(url).scheme not in ("http", "https"):
        names = ", ".join(KNOWN)
        raise FileNotFoundError(f"{source!r} is no folder, no archive, no http(s) address and none of {names}")
    archive = scratch / (_name(url) or "model")
    download(url, archive)
    return archive


def _name(url: str) -> str:
    """The last part of an address that is no version number."""
    parts = [part for part in PurePosixPath(unquote(urlsplit(url).path)).parts if part != "/"]
    return next((part for part in reversed(parts) if not part.isdecimal()), "")


def download(url: str, path: Path) -> None:
    """Fetch a URL into a file, with a progress bar on stderr.

    Raises:
        OSError: it cannot be had; the message names the address.
        ValueError: it is too big.
    """
    try:
        with urllib.request.urlopen(url, timeout=_SILENCE_S) as answer, path.open("wb") as sink:
            total = int(answer.headers.get("Content-Length") or 0) or None
            with tqdm(total=total, desc=path.name, unit="B", unit_scale=True, leave=False) as bar:
                archives.pump(answer.read, lambda data: bar.update(sink.write(data)), archives.MAX_BYTES)
        if total and path.stat().st_size != total:
            raise OSError(f"{url}: the connection broke after {path.stat().st_size} of {total} bytes")
    except (URLError, HTTPException, ConnectionError, TimeoutError) as error:
        # An HTTPError tells its number only as text, other URLErrors tell more in their reason.
        reason = error if isinstance(error, HTTPError) else getattr(error, "reason", error)
        raise OSError(f"{url} cannot be fetched: {reason}") from None
