"""The patches that ship, where Pd finds them."""

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from core.files import atomic
from core.files.user_folders import shipped

LIBRARY = "hallu"
# Says which files were installed, as they were then.
_LIST = ".installed.json"
# An abstraction has inlets or names that its patch gives it; the others are patches to open and play.
_PARTS = ("hallu-",)


def patches(folder: Path | None = None) -> list[str]:
    """Names of the patches that one opens to play, without .pd, of the shipped folder or another."""
    found = (folder or shipped("pd")).glob("*.pd")
    return sorted(path.stem for path in found if not path.stem.startswith(_PARTS))


def standard_folder(system: str = sys.platform, environment: Mapping[str, str] = os.environ) -> Path:
    """Where Pd looks for libraries of this user.

    Args:
        system: as `sys.platform` says.
        environment: the environment variables.

    >>> standard_folder("darwin", {"HOME": "/Users/ada"}).as_posix()
    '/Users/ada/Library/Pd'
    """
    home = Path(environment.get("HOME") or environment.get("USERPROFILE") or Path.home())
    if system == "darwin":
        return home / "Library" / "Pd"
    if system == "win32":
        return Path(environment.get("APPDATA") or home / "AppData" / "Roaming") / "Pd"
    return home / ".local" / "lib" / "pd" / "extra"


def install(into: Path) -> tuple[Path, list[Path]]:
    """Copy the patches into INTO/hallu; what somebody has changed there since the last time is kept beside.

    Returns:
        The folder, and the files of the user's that were renamed.

    Raises:
        OSError: it cannot be written.
    """
    source, target = shipped("pd"), into / LIBRARY
    before, kept, now = _installed(target), [], {}
    for path in sorted(path for path in source.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
        name = path.relative_to(source).as_posix()
        data, place = path.read_bytes(), target / name
        now[name] = _digest(data)
        if place.is_file() and _digest(place.read_bytes()) not in (now[name], before.get(name)):
            kept.append(_set_aside(place))
        atomic.write_bytes(place, data, sync=False)
    _remove_old(target, before, now)
    atomic.write_text(target / _LIST, json.dumps(now, indent=1))
    return target, kept


def _installed(target: Path) -> dict[str, str]:
    """What the list in the folder says; nothing where there is none that can be read."""
    try:
        found = json.loads((target / _LIST).read_bytes())
    except (OSError, ValueError):
        return {}
    return {str(name): str(digest) for name, digest in found.items()} if isinstance(found, dict) else {}


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _set_aside(path: Path) -> Path:
    place, number = path.with_stem(f"{path.stem}-mine"), 1
    while place.exists():
        number += 1
        place = path.with_stem(f"{path.stem}-mine-{number}")
    return path.rename(place)


def _remove_old(target: Path, before: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Remove what an older version brought and nobody has changed."""
    for name in before.keys() - now.keys():
        path = target / name
        inside = path.resolve().is_relative_to(target.resolve())
        if inside and path.is_file() and _digest(path.read_bytes()) == before[name]:
            path.unlink()


def find_pd(system: str = sys.platform) -> str:
    """The program Pd: on the path, or where its installers put it.

    Raises:
        FileNotFoundError: it is in none of these places.
    """
    if found := shutil.which("pd"):
        return found
    places = {
        "darwin": sorted(Path("/Applications").glob("Pd*.app/Contents/Resources/bin/pd"), reverse=True),
        "win32": [Path(os.environ.get("PROGRAMFILES", r"C:\Program Files"), "Pd", "bin", "pd.exe")],
    }
    for place in places.get(system, []):
        if place.is_file():
            return str(place)
    raise FileNotFoundError("Pure Data (pd) is not installed, or not on the path; docs/install.md says how to get it")
