"""Components files: ours (.npz, read without pickle) and the course's (.pickle); both hold the same.

The course's file is a pickled dict of layer, estimator, comp, stdev, var_ratio and global_mean. Ours has the same
names, a version, and later additions: the origin of the directions, the mean of each pitch, the directions in z, names.
A pickle that we write has these too; the course's programs ignore them.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core import checks, families
from core.families import Kind
from core.files import atomic
from core.files.regular import open_regular, read_regular
from core.files.safe_paths import confined, inside
from core.formats import pickles
from core.formats.npz import read_npz
from ganspace import direction_names
from ganspace.components import Components, Latents, Origin

FORMAT, VERSION = "hallu-components", 1
SUFFIXES = (".npz", ".pickle", ".pkl")
_MAX_SIZE = 2**33
# Letters of a layer, or of the name of a direction.
_LONGEST = 255
_SAMPLE_SIZE, _FEWEST_LINES = 2**20, 4
# The text "comp" as the protocols of pickles write it.
_PICKLED_COMP = re.compile(rb"\x04(\0\0\0)?comp|Vcomp\n|'comp'")
_NEEDED = ("layer", "comp", "stdev", "var_ratio", "global_mean")


def load(path: str | Path) -> Components:
    """Read a components file; nothing in it is executed.

    Names that the user gave to directions of a file that ships are read too; see direction_names.py.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not a components file; the message says why.
    """
    path = Path(path)
    content = _content(path)
    missing = set(_NEEDED) - set(content)
    if missing:
        raise ValueError(f"{path} is not a components file: it has no {', '.join(sorted(missing))}")
    try:
        return direction_names.applied(path, _components(content))
    except (ValueError, TypeError, IndexError) as error:
        raise ValueError(f"{path}: {error}") from None


def save(path: str | Path, components: Components) -> None:
    """Write a components file in the format of its suffix, over an older one; the same components give the same bytes.

    Raises:
        ValueError: another suffix.
        OSError: it cannot be written.
    """
    path = Path(path)
    check_suffix(path)
    content = _dict(components)
    if path.suffix == ".npz":
        buffer = io.BytesIO()
        np.savez(buffer, **content)
        data: Any = buffer.getbuffer()
    else:
        data = pickles.dumps({key: _plain(value) for key, value in content.items()})
    atomic.write_bytes(path, data)


def save_names(path: Path, components: Components) -> Path:
    """Save the names of a components file's directions: in the file, or where it ships, in the user's folder.

    Returns:
        The file that was written.

    Raises:
        OSError: it cannot be written.
    """
    if direction_names.kept_apart(path):
        return direction_names.save(components)
    save(path, components)
    return path


def check_suffix(path: Path) -> None:
    """Check the suffix of a components file's name.

    Raises:
        ValueError: it is another one.
    """
    if path.suffix not in SUFFIXES:
        raise ValueError(f"{path} must end in {', '.join(SUFFIXES)}")


def locate(name: str, folder: Path, kind: Kind, models: Iterable[Path], owner: str, flag: str) -> Path:
    """The components file that NAME means; it cannot be outside the models folders.

    Args:
        name: of a file in `folder` or below DIR/FAMILY of a models folder, or an absolute path inside one of these.
        folder: the loaded model's.
        kind: of model; the folders of its families are searched.
        models: the models folders.
        owner: of the file, for the error message: the loaded model.
        flag: that sets the models folders, for the error message.

    Raises:
        FileNotFoundError: there is none inside; a file outside is treated as missing.
    """
    folders = [family.folder for family in families.families(kind)]
    named = (path for root in models for own in folders for path in inside(Path(root), own, name))
    for found in (*confined(folder, folder, name), *named):
        if found.is_file():
            return found
    there = ", ".join(file.name for file in beside(folder)) or "none"
    raise FileNotFoundError(
        f"no components file {name[:80]!r} beside {owner} (there: {there}) or in the models folders ({flag})"
    )


def beside(folder: Path) -> list[Path]:
    """The components files in a model's folder, by name: pickles and archives that hold directions; none is read."""
    holds_directions = {".npz": _is_ours}
    paths = (path for path in folder.iterdir() if path.suffix in SUFFIXES)
    return sorted(path for path in paths if holds_directions.get(path.suffix, _is_pickled)(path))


def _is_pickled(path: Path) -> bool:
    """Whether `comp` is a text in a pickle's first megabyte; a model can be a pickle too."""
    try:
        with open_regular(path) as file:
            return bool(_PICKLED_COMP.search(file.read(_SAMPLE_SIZE)))
    except (OSError, ValueError):
        return False


def _is_ours(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return "comp.npy" in archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return False


def _dict(components: Components) -> dict[str, Any]:
    origin, latents = components.origin, components.latents
    content = {
        "format": FORMAT,
        "version": VERSION,
        "layer": components.layer,
        "estimator": components.estimator,
        "comp": components.components,
        "stdev": components.stdev,
        "var_ratio": components.var_ratio,
        "global_mean": components.mean,
        "pitches": np.array(components.pitches, np.int64),
        "pitch_means": components.pitch_means,
        "names": np.array(components.names, np.str_),
        **{key: getattr(origin, key) for key in Origin.__dataclass_fields__},
    }
    if latents is not None:
        content |= {"lat_comp": latents.directions, "lat_mean": latents.mean, "lat_stdev": latents.stdev}
    return content


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) and value.dtype.kind == "U" else value


def _components(content: Mapping[str, Any]) -> Components:
    comp, stdev, var_ratio = (_array(content, key) for key in ("comp", "stdev", "var_ratio"))
    if comp.ndim != 4 or stdev.shape != (len(comp),) or var_ratio.shape != stdev.shape:
        raise ValueError(f"comp has shape {comp.shape} and stdev {stdev.shape}; [k, t, f, c] and [k] go together")
    names = tuple(str(name) for name in content.get("names", ()))
    if unseen := [text for text in (str(content["layer"]), *names) if not text.isprintable() or len(text) > _LONGEST]:
        raise ValueError(f"a layer or a name of a direction must be text that can be seen, not {unseen[0]!r:.60}")
    if len(names) > len(comp):
        raise ValueError(f"there are {len(names)} names for {len(comp)} directions")
    mean = _array(content, "global_mean").reshape(comp.shape[1:])
    return Components(
        str(content["layer"]),
        str(content.get("estimator", "")),
        comp,
        stdev,
        var_ratio,
        mean,
        _origin(content),
        *_pitch_means(content, mean.shape),
        latents=_latents(content, len(comp)),
        names=names,
    )


def _origin(content: Mapping[str, Any]) -> Origin:
    kinds: dict[str, Any] = {"checkpoint": str, "checksum": str, "pitch": int, "seed": int, "count": int}
    kinds |= {"class_number": int, "truncation": float, "found_in": str}
    return Origin(**{key: kind(content[key]) for key, kind in kinds.items() if key in content})


def _pitch_means(content: Mapping[str, Any], shape: tuple[int, ...]) -> tuple[tuple[int, ...], np.ndarray]:
    pitches = tuple(int(pitch) for pitch in content.get("pitches", ()))
    if not pitches:
        return (), np.zeros(0, np.float32)
    means = _array(content, "pitch_means")
    if means.shape != (len(pitches), *shape):
        raise ValueError(
            f"pitch_means has shape {means.shape}; {len(pitches)} pitches ask for {(len(pitches), *shape)}"
        )
    return pitches, means


def _latents(content: Mapping[str, Any], count: int) -> Latents | None:
    """The directions in z; None where the file has not all of their arrays. GANSpace's lat_comp is [k, 1, latent]."""
    if any(content.get(key) is None for key in ("lat_comp", "lat_mean", "lat_stdev")):
        return None
    directions, mean, stdev = (_array(content, key) for key in ("lat_comp", "lat_mean", "lat_stdev"))
    if directions.ndim == 3 and directions.shape[1] == 1:
        directions = directions[:, 0]
    checks.shape("lat_comp", directions, (count, mean.size))
    checks.shape("lat_stdev", stdev, (count,))
    return Latents(directions, mean.reshape(-1), stdev)


def _content(path: Path) -> dict[str, Any]:
    try:
        with open_regular(path) as file:
            zipped = zipfile.is_zipfile(file)
        content = _npz(path) if zipped else pickles.loads(read_regular(path, _MAX_SIZE))
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no components file {path}") from None
    except Exception as error:  # a broken or hostile file can raise anything
        raise ValueError(f"{path} cannot be read as a components file: {_line_end_hint(path) or error}") from None
    if not isinstance(content, dict):
        raise ValueError(f"{path} is not a components file: it contains a {type(content).__name__}, not a dict")
    return content


def _line_end_hint(path: Path) -> str:
    """What is wrong with a damaged file if it looks as if Git had changed its line ends; else ""."""
    with open_regular(path) as file:
        start = file.read(_SAMPLE_SIZE)
    # Of so many random bytes, a line feed now and then has no carriage return before it.
    if not start.count(b"\n") == start.count(b"\r\n") > _FEWEST_LINES:
        return ""
    return (
        "all its line ends are CR LF, as if Git had changed them; copy the original again, and add "
        f"'*{path.suffix} binary' to .gitattributes"
    )


def _npz(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = dict(read_npz(path))
    if str(content.get("format", "")) != FORMAT:
        raise ValueError(f"it is not marked as {FORMAT}")
    if int(content.get("version", 0)) > VERSION:
        raise ValueError(f"it has version {content['version']}; this program reads up to {VERSION}")
    return content


def _array(content: Mapping[str, Any], key: str) -> np.ndarray:
    value = np.asarray(content.get(key))
    if value.dtype.kind != "f":
        raise ValueError(f"{key} must be an array of numbers")
    return checks.finite(key, value)
