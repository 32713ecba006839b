"""Components files: principal directions of a layer's activations, and edits along them.

The course's file is a pickle of a dict (layer, estimator, comp, stdev, var_ratio, global_mean). A pickle is a program;
this reader runs none of it but what builds arrays, numbers and strings.
"""

import io
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


def _latin1(text: str, encoding: str) -> bytes:
    """How pickles of protocol 2 and below write bytes."""
    if encoding != "latin1":
        raise ValueError(f"it asks for the encoding {encoding}, which a components file does not need")
    return text.encode("latin1")


# Everything that a numpy array, scalar or plain container needs, under numpy's old and new module names.
_HARMLESS: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): _latin1,
}
for _package in ("numpy.core", "numpy._core"):
    _HARMLESS[f"{_package}.multiarray", "_reconstruct"] = np.empty(0).__reduce__()[0]
    _HARMLESS[f"{_package}.multiarray", "scalar"] = np.float64(0).__reduce__()[0]
    _HARMLESS[f"{_package}.numeric", "_frombuffer"] = np.empty(0).__reduce_ex__(5)[0]


@dataclass(frozen=True)
class Components:
    """Directions of one layer, strongest first.

    `components` [k, time, frequency, channels] have unit length, `stdev` [k] is the activations' standard deviation
    along each, `mean` [time, frequency, channels] their average. Edits are in standard deviations.
    """

    layer: str
    estimator: str
    components: np.ndarray
    stdev: np.ndarray
    var_ratio: np.ndarray
    mean: np.ndarray

    @property
    def count(self) -> int:
        """How many directions there are."""
        return len(self.components)

    def offsets(self, edits: np.ndarray) -> np.ndarray:
        """Edits [n, at most count] -> what they add to a z's own activations, [n, time, frequency, channels].

        Raises:
            ValueError: the edits have another shape, more columns than there are directions, or a value not finite.
        """
        edits = np.asarray(edits, np.float64)
        if edits.ndim != 2 or edits.shape[1] > self.count:
            raise ValueError(f"edits have shape {edits.shape}; they must be [n, at most {self.count}]")
        if not np.isfinite(edits).all():
            raise ValueError("edits hold a value that is not finite")
        used = edits.shape[1]
        return np.tensordot(edits * self.stdev[:used], self.components[:used], axes=1)

    def activations(self, edits: np.ndarray) -> np.ndarray:
        """Edits [n, at most count] -> mean plus offsets, [n, time, frequency, channels]."""
        return self.mean + self.offsets(edits)


def load(path: str | Path) -> Components:
    """Read the course's components pickle; nothing in it is executed.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no components file; the message says what is wrong.
    """
    path = Path(path)
    content = _unpickled(path)
    missing = {"layer", "comp", "stdev", "var_ratio", "global_mean"} - set(content)
    if missing:
        raise ValueError(f"{path} is no components file: it has no {', '.join(sorted(missing))}")
    components = _array(content, "comp", path)
    mean = _array(content, "global_mean", path).reshape(components.shape[1:])
    stdev, var_ratio = (_array(content, key, path) for key in ("stdev", "var_ratio"))
    if components.ndim != 4 or stdev.shape != (len(components),) or var_ratio.shape != stdev.shape:
        raise ValueError(
            f"{path}: comp has shape {components.shape} and stdev {stdev.shape}; [k, t, f, c] and [k] go together"
        )
    return Components(str(content["layer"]), str(content.get("estimator", "")), components, stdev, var_ratio, mean)


def _unpickled(path: Path) -> dict[str, Any]:
    try:
        content = _Unpickler(io.BytesIO(path.read_bytes())).load()
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no components file {path}") from None
    except Exception as error:  # a broken or hostile pickle can raise anything
        raise ValueError(f"{path} is no readable components file: {error}") from None
    if not isinstance(content, dict):
        raise ValueError(f"{path} is no components file: it holds a {type(content).__name__}, not a dict")
    return content


def _array(content: dict[str, Any], key: str, path: Path) -> np.ndarray:
    value = np.asarray(content[key])
    if value.dtype.kind != "f" or not np.isfinite(value).all():
        raise ValueError(f"{path}: {key} must be an array of finite numbers")
    return value


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _HARMLESS[module, name]
        except KeyError:
            raise ValueError(f"it asks for {module}.{name}, which a components file does not need") from None
