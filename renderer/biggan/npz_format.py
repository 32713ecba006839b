"""weights.npz: our own format. Spectral norm is folded in, float16 or float32, read without pickle.

Names and layouts are those of torch's state dict in pytorch-pretrained-biggan, "generator.layers.0.conv_0.weight":
linear layers [out, in], convolutions [out, in, height, width]; "format" and "version" stand beside them.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from core.formats.npz import read_npz

NAME = "weights.npz"
FORMAT, VERSION = "hallu-biggan", 1
# Batch norm divides by the root of these, which float16 cannot always hold.
TABLES = (".running_means", ".running_vars")


def read(path: Path) -> dict[str, np.ndarray]:
    """Read the arrays by name.

    Raises:
        ValueError: the file is damaged, or of another format or version.
    """
    try:
        arrays = read_npz(path)
    except (ValueError, OSError) as error:
        raise ValueError(f"{path} is damaged: {error}") from None
    kind, version = arrays.pop("format", None), arrays.pop("version", None)
    if kind is None or version is None or str(kind) != FORMAT:
        raise ValueError(f"{path} is not an image model of the format {FORMAT}")
    if version.shape or version.dtype.kind not in "iu" or int(version) != VERSION:
        raise ValueError(f"{path} is of version {version}; this program reads version {VERSION}")
    return arrays


def too_large(arrays: Mapping[str, np.ndarray]) -> str | None:
    """The name of an array that float16 cannot hold, if there is one."""
    most = np.finfo(np.float16).max
    return next((name for name, a in arrays.items() if not name.endswith(TABLES) and np.abs(a).max() > most), None)


def write(path: Path, arrays: Mapping[str, np.ndarray], dtype: str) -> None:
    """Write arrays; all but batch norm's tables become `dtype`, float16 or float32."""
    kept = {
        name: array.astype(np.float32 if name.endswith(TABLES) else np.dtype(dtype)) for name, array in arrays.items()
    }
    np.savez_compressed(path, format=np.array(FORMAT), version=np.array(VERSION), **kept)  # type: ignore[arg-type]
