"""`hallu models add`: a checkpoint from a folder, a zip or the web, checked, then installed in one step."""

import shutil
import tempfile
import urllib.request
import zipfile
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit

from tqdm import tqdm

import gansynth
from gansynth.config import is_checkpoint

KNOWN = ("all_instruments", "acoustic_only")
_MAGENTA = "https://storage.googleapis.com/magentadata/models/gansynth/{}.zip"

MAX_BYTES = 8 << 30
MAX_FILES = 10_000
_CHUNK = 1 << 20
_SILENCE_S = 30


def add(source: str, models: Path) -> Path:
    """Install a checkpoint under MODELS/gansynth/, by a known name, a URL, or the path of a zip or folder.

    Returns:
        Its new folder.

    Raises:
        FileNotFoundError: nothing is there, or it holds no checkpoint.
        FileExistsError: a checkpoint of this name is installed already.
        ValueError: the archive is broken, too big or reaches outside; or the checkpoint cannot be played.
        OSError: the download fails or the disk is full.
    """
    room = models / "gansynth"
    room.mkdir(parents=True, exist_ok=True)
    # Beside its place, so that the last step is one rename; the dot hides it from the list of checkpoints.
    with tempfile.TemporaryDirectory(prefix=".adding-", dir=room) as scratch:
        folder = _fetch(source, Path(scratch))
        _check(folder)
        place = room / folder.name
        if place.exists():
            raise FileExistsError(f"{place} is there already; remove it first to replace it")
        folder.rename(place)
    return place


def _fetch(source: str, scratch: Path) -> Path:
    path = Path(source)
    if path.is_dir():
        return _copy(find_checkpoint(path.resolve()), scratch)
    if path.is_file():
        return _unpack(path, scratch)
    url = _MAGENTA.format(source) if source in KNOWN else source
    if urlsplit(url).scheme not in ("http", "https"):
        names = ", ".join(KNOWN)
        raise FileNotFoundError(f"{source!r} is no folder, no zip file, no http(s) address and none of {names}")
    archive = scratch / (PurePosixPath(unquote(urlsplit(url).path)).name or "checkpoint.zip")
    download(url, archive)
    return _unpack(archive, scratch)


def _check(folder: Path) -> None:
    gansynth.read_config(folder)
    if not any(folder.glob("stage_*/*.index")):
        raise FileNotFoundError(f"{folder.name} has no weights: no stage_*/*.index is in it")


def find_checkpoint(folder: Path) -> Path:
    """The one checkpoint folder at or below a folder.

    Raises:
        FileNotFoundError: there is none.
        ValueError: there are several.
    """
    if is_checkpoint(folder):
        return folder
    found = sorted({path.parent for path in folder.rglob("stage_*") if is_checkpoint(path.parent)})
    if not found:
        raise FileNotFoundError(f"{folder.name} holds no checkpoint: no folder in it has experiment.json and stage_*")
    if len(found) > 1:
        raise ValueError(
            f"{folder.name} holds several checkpoints, add one of them: {', '.join(p.name for p in found)}"
        )
    return found[0]


def _copy(folder: Path, scratch: Path) -> Path:
    return Path(shutil.copytree(folder, scratch / "copied" / folder.name))


def _unpack(archive: Path, scratch: Path) -> Path:
    # A zip without a folder of its own gives the checkpoint the zip's name.
    room = scratch / "unpacked" / archive.stem
    try:
        with zipfile.ZipFile(archive) as file:
            extract(file, room)
    except zipfile.BadZipFile as error:
        raise ValueError(f"{archive.name} is no zip file: {error}") from None
    except (NotImplementedError, RuntimeError) as error:
        raise ValueError(f"{archive.name} cannot be unpacked: {error}") from None
    return find_checkpoint(room)


def extract(file: zipfile.ZipFile, room: Path) -> None:
    """Unpack an archive below a folder; links come out as plain files, sizes are counted, not believed.

    Raises:
        ValueError: a name reaches outside, or there is too much of it.
    """
    members = [member for member in file.infolist() if not member.is_dir()]
    if len(members) > MAX_FILES:
        raise ValueError(f"{len(members)} files are too many for a checkpoint; the most is {MAX_FILES}")
    room.mkdir(parents=True)
    root, left = room.resolve(), MAX_BYTES
    for member in members:
        path = (room / member.filename).resolve()
        if not path.is_relative_to(root) or path == root:
            raise ValueError(f"the archive reaches outside of its folder: {member.filename!r}")
        path.parent.mkdir(parents=True, exist_ok=True)
        with file.open(member) as source, path.open("xb") as sink:
            left = _pump(source.read, sink.write, left)


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
                _pump(answer.read, lambda data: bar.update(sink.write(data)), MAX_BYTES)
            if total and path.stat().st_size != total:
                raise OSError(f"{url}: the connection broke after {path.stat().st_size} of {total} bytes")
    except (URLError, HTTPException, ConnectionError, TimeoutError) as error:
        # An HTTPError tells its number only as text, other URLErrors tell more in their reason.
        reason = error if isinstance(error, HTTPError) else getattr(error, "reason", error)
        raise OSError(f"{url} cannot be fetched: {reason}") from None


def _pump(read: Callable[[int], bytes], write: Callable[[bytes], object], left: int) -> int:
    while data := read(_CHUNK):
        left -= len(data)
        if left < 0:
            raise ValueError(f"more than {MAX_BYTES >> 30} GB are too much for a checkpoint")
        write(data)
    return left
