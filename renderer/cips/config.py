"""The shape of a generator: the settings of its config.json."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from core import checks

FORMAT, VERSION = "hallu-cips", 1
# They bound what a file can ask for.
_MOST = {
    "size": 2048, "z_size": 8192, "num_classes": 100_000, "w_size": 8192, "mapping_layers": 64, "waves": 4096,
    "width": 4096, "depth": 64, "rank": 64, "warp_waves": 4096, "warp_width": 4096,
}  # fmt: skip


@dataclass(frozen=True)
class CipsConfig:
    """A generator's shape.

    Attributes:
        size: pixels of a frame's edge, for which it was trained.
        z_size: length of a latent vector.
        num_classes: length of a label; 0: none.
        w_size: length of a mapped latent, and of the values on the way to it.
        mapping_layers: dense layers from z to w.
        waves: plane waves at each place that the layers begin with, as a sine and a cosine.
        width: values at each pixel after a layer.
        depth: how many layers.
        rank: of what w multiplies each layer's matrix by.
        warp_waves: plane waves that the warp begins with.
        warp_width: values at each place within the warp.
    """

    size: int = 256
    z_size: int = 16
    num_classes: int = 0
    w_size: int = 256
    mapping_layers: int = 3
    waves: int = 32
    width: int = 64
    depth: int = 4
    rank: int = 8
    warp_waves: int = 24
    warp_width: int = 48

    def __post_init__(self) -> None:
        for name, most in _MOST.items():
            checks.whole(name, getattr(self, name), 0 if name == "num_classes" else 1, most)

    @property
    def layers(self) -> tuple[tuple[str, int], ...]:
        """The layers in order: their names, and the values at each pixel before them."""
        return tuple((f"layer{number}", self.width if number else 2 * self.waves) for number in range(self.depth))

    @property
    def mapping_sizes(self) -> tuple[tuple[int, int], ...]:
        """Values before and after each dense layer of the mapping."""
        first = self.z_size + self.num_classes
        return tuple((self.w_size if number else first, self.w_size) for number in range(self.mapping_layers))


def from_json(values: Mapping[str, Any]) -> CipsConfig:
    """Read the values of a config.json.

    Raises:
        ValueError: a value is missing or breaks a rule; the message names it.
    """
    checks.one_of("format", values.get("format"), (FORMAT,))
    checks.one_of("version", values.get("version"), (VERSION,))
    names = [field.name for field in fields(CipsConfig)]
    for name in names:
        if name not in values:
            raise ValueError(f"{name} is missing")
    return CipsConfig(**{name: checks.whole(name, values[name]) for name in names})


def to_json(config: CipsConfig) -> dict[str, Any]:
    """The values of a config.json."""
    return {"format": FORMAT, "version": VERSION, **asdict(config)}
