"""Read a TF-Hub module folder of BigGAN-deep without TensorFlow-Hub.

Variables come from `variables/`; batch norm's tables, which are constants, out of the graph in `saved_model.pb`.
Source of the names: the published converter of pytorch-pretrained-biggan (convert_tf_to_pytorch.py).
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from core import checks
from core.formats import saved_model, tensor_bundle
from core.formats.saved_model import Graph
from renderer.biggan.config import FIRST_CHANNELS, Attention, BigGANConfig, Block, Layer

GRAPH, VARIABLES = "saved_model.pb", "variables/variables"
_AVERAGED = "/ema_0.9999"
# The variables of a layer, TensorFlow's names to torch's; a kernel named weight_orig has spectral norm.
Kinds = Mapping[str, str]
_PLAIN, _NORMED, _WITH_BIAS = {"w": "weight"}, {"w": "weight_orig"}, {"w": "weight_orig", "b": "bias"}
# Every batch norm has five stacks in the graph; the second and the fourth are its tables.
_STACKS, _MEANS, _VARIANCES = 5, 1, 3
_BEGIN: tuple[Layer, ...] = ((False, 16, 16), (True, 16, 16), (False, 16, 16), (True, 16, 8), (False, 8, 8))
_END: tuple[Layer, ...] = ((True, 8, 4), (False, 4, 4), (True, 4, 2), (False, 2, 2), (True, 2, 1))
_LARGE = (*_BEGIN, (True, 8, 8), (False, 8, 8), *_END)
# The published generators: 128, 256 and 512 pixels.
LAYERS = (_BEGIN + _END, _LARGE, (*_LARGE, (False, 1, 1), (True, 1, 1)))


def read_config(folder: Path) -> BigGANConfig:
    """Find the architecture of a module from the shapes of its tables.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: it is damaged, or not a BigGAN-deep.
    """
    return _read(folder)[0]


def read(folder: Path) -> dict[str, np.ndarray]:
    """Read the module's arrays, with the names and layouts of torch's state dict.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: one is damaged, or a variable is missing.
    """
    config, graph = _read(folder)
    prefix = folder / VARIABLES
    reader = tensor_bundle.Reader(prefix)
    found: dict[str, np.ndarray] = {}
    for torch, variable, kinds in _layers(config):
        own = {name: reader.read(f"{variable}/{name}") for name in _needed(kinds)}
        found |= _arrays(own, torch, kinds)
    for place, (name, _) in enumerate(config.norms):
        found[f"{name}.running_means"] = saved_model.constant(graph, _stack(place, _MEANS))
        found[f"{name}.running_vars"] = saved_model.constant(graph, _stack(place, _VARIANCES))
    return found


def _read(folder: Path) -> tuple[BigGANConfig, Graph]:
    for graph in saved_model.read(folder / GRAPH):
        if _stack(0, _MEANS) in graph:
            try:
                return _config(graph, folder.resolve().name), graph
            except ValueError as error:
                raise ValueError(f"{folder / GRAPH}: {error}") from None
    raise ValueError(
        f"{folder / GRAPH} has no tables of batch norm as BigGAN-deep's have; other modules cannot be read"
    )


def _config(graph: Graph, name: str) -> BigGANConfig:
    first = saved_model.constant(graph, _stack(0, _MEANS))
    checks.shape("its first table of batch norm", first, ("truncations", "channels"))
    for layers in LAYERS:
        config = BigGANConfig(
            name=name,
            z_size=128,
            embed_size=128,
            num_classes=1000,
            channel_width=first.shape[1] // FIRST_CHANNELS,
            layers=layers,
            attention_position=8,
            epsilon=1e-4,
            rows=len(first),
        )
        if _fits(graph, config):
            return config
    raise ValueError("its tables of batch norm fit none of BigGAN-deep's 128, 256 and 512 pixels")


def _fits(graph: Graph, config: BigGANConfig) -> bool:
    """Whether the last table that a generator of this shape needs is there, and no further one."""
    last = len(config.norms) - 1
    if _stack(last, _VARIANCES) not in graph or _stack(last + 1, _MEANS) in graph:
        return False
    return saved_model.constant(graph, _stack(last, _MEANS)).shape == (config.rows, config.norms[-1][1])


def _stack(norm: int, which: int) -> str:
    return f"stack_{_STACKS * norm + which}"


def _layers(config: BigGANConfig) -> Iterator[tuple[str, str, Kinds]]:
    """The layers: torch's and TensorFlow's name, and their variables."""
    yield "embeddings", "linear", _PLAIN
    yield "generator.gen_z", "Generator/GenZ/G_linear", _WITH_BIAS
    yield "generator.conv_to_rgb", "Generator/conv_to_rgb", _WITH_BIAS
    yield "generator.bn", "Generator/BatchNorm", {"scale": "weight", "offset": "bias"}
    for number, block in enumerate(part for part in config.parts if isinstance(part, Block)):
        scope = f"Generator/{_numbered('GBlock', number)}"
        for j in range(4):
            yield f"{block.name}.conv_{j}", f"{scope}/conv{j}", _WITH_BIAS
            for kind in ("scale", "offset"):
                yield f"{block.name}.bn_{j}.{kind}", f"{scope}/{_numbered('BatchNorm', j)}/{kind}", _NORMED
    for part in config.parts:
        if isinstance(part, Attention):
            yield part.name, "Generator/attention", {"gamma": "gamma"}
            for way in ("theta", "phi", "g", "o_conv"):
                yield f"{part.name}.snconv1x1_{way}", f"Generator/attention/{way}", _NORMED


def _numbered(name: str, number: int) -> str:
    return f"{name}_{number}" if number else name


def _needed(kinds: Kinds) -> list[str]:
    vectors = ["u0"] if "weight_orig" in kinds.values() else []
    return [kind + _AVERAGED for kind in kinds] + vectors


def _arrays(own: Mapping[str, np.ndarray], torch: str, kinds: Kinds) -> dict[str, np.ndarray]:
    """Convert a layer's variables to torch's arrays."""
    found = {}
    for kind, name in kinds.items():
        array = own[kind + _AVERAGED]
        if kind == "w":
            array = array.transpose(3, 2, 0, 1) if array.ndim == 4 else array.T
        found[f"{torch}.{name}"] = array if kind == "w" else array.reshape(-1)
    if "u0" in own:
        found |= _vectors(f"{torch}.weight", found[f"{torch}.weight_orig"], own["u0"].ravel())
    return found


def _vectors(name: str, kernel: np.ndarray, u: np.ndarray) -> dict[str, np.ndarray]:
    """The vectors u and v of the largest singular value; a module only keeps u, from which v follows."""
    matrix = kernel.reshape(len(kernel), -1)
    checks.shape(f"{name}'s vector u0", u, (len(matrix),))
    v = _unit(matrix.T @ u)
    return {f"{name}_u": _unit(matrix @ v), f"{name}_v": v}


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / max(float(np.linalg.norm(vector)), 1e-4)
