"""The architecture of a generator: the settings of its config.json, and what follows from them.

Layers have the names of stylegan2-ada-pytorch: "b8.conv0" enlarges the map of 4 pixels to 8, "b8.conv1" follows,
"b8.torgb" gives the block's contribution to the colours.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from core import checks

FIRST_SIZE, LARGEST_SIZE = 4, 2048
FORMAT, VERSION = "hallu-stylegan2", 1
ARCHITECTURES, LABEL_KINDS = ("skip", "resid", "orig"), ("concat", "embed")
# Nobody has trained a generator beyond these; they bound what a file can ask for.
_MAX_CHANNELS, _MAX_SIZE, _MAX_CLASSES, _MAX_DEPTH = 4096, 8192, 100_000, 64


@dataclass(frozen=True)
class Variant:
    """What differs between generators of one architecture.

    Attributes:
        gain: after each leaky ReLU.
        rectified: whether styles and colours pass a leaky ReLU too.
        nearest: a map is enlarged pixel by pixel and then convolved; else it is convolved on the way, then smoothed.
        per_block: one w for each block, instead of one for each layer.
        own_gains: whether kernels are divided by the values of the whole map before them, and the mapping by its rate
            once more; else by the root of the kernel's values, as is usual.
    """

    gain: float
    rectified: bool
    nearest: bool
    per_block: bool
    own_gains: bool


VARIANTS = {
    # Karras et al. 2020, as NVIDIA's and rosinality's programs have it.
    "stylegan2": Variant(math.sqrt(2.0), False, False, False, False),
    # AIART's own network in Keras.
    "aiart": Variant(1.0, True, True, True, True),
}


@dataclass(frozen=True)
class Layer:
    """A modulated convolution of `kernel` x `kernel` pixels: `before` channels -> `after`, at `size` pixels.

    `w` says which of the mapped latents gives its style.
    """

    name: str
    size: int
    before: int
    after: int
    kernel: int
    w: int

    @property
    def up(self) -> bool:
        """Whether it enlarges the map twice."""
        return self.name.endswith("conv0")

    @property
    def colors(self) -> bool:
        """Whether it gives colours, which have no noise and are not demodulated."""
        return self.name.endswith("torgb")


@dataclass(frozen=True)
class StyleGan2Config:
    """A generator's shape.

    Attributes:
        channels: of the maps of 4, 8, 16, ... pixels; the last has the resolution.
        z_size: length of a latent vector.
        w_size: length of a mapped one.
        num_classes: length of a label; 0: none.
        labels: "concat": labels times a matrix stand beside z, then all is normalised (NVIDIA, 2019); "embed": z and
            the label's embedding are normalised apart (ADA).
        embed_size: values of a label's embedding, with "embed"; None: as many as w has.
        mapping_layers: dense layers from z to w.
        mapping_size: values between them.
        mapping_rate: the mapping's learning rate, as part of the others'.
        architecture: "skip": each block adds to the colours; "resid": each has a shortcut; "orig": neither.
        variant: a name in `VARIANTS`.
        colors: 3, or 1 for shades of grey.
        clamp: activations are held between -clamp and clamp; None: they are not.
    """

    channels: tuple[int, ...]
    z_size: int = 512
    w_size: int = 512
    num_classes: int = 0
    labels: str = "embed"
    embed_size: int | None = None
    mapping_layers: int = 8
    mapping_size: int = 512
    mapping_rate: float = 0.01
    architecture: str = "skip"
    variant: str = "stylegan2"
    colors: int = 3
    clamp: float | None = None

    def __post_init__(self) -> None:
        most = int(math.log2(LARGEST_SIZE // FIRST_SIZE)) + 1
        checks.in_range("the number of channels' sizes", len(self.channels), 1, most)
        for channels in self.channels:
            checks.whole("channels", channels, 1, _MAX_CHANNELS)
        for key in ("z_size", "w_size", "mapping_size"):
            checks.whole(key, getattr(self, key), 1, _MAX_SIZE)
        checks.whole("num_classes", self.num_classes, 0, _MAX_CLASSES)
        checks.whole("mapping_layers", self.mapping_layers, 1, _MAX_DEPTH)
        checks.above("mapping_rate", self.mapping_rate, 0)
        checks.one_of("labels", self.labels, LABEL_KINDS)
        checks.one_of("architecture", self.architecture, ARCHITECTURES)
        checks.one_of("variant", self.variant, tuple(VARIANTS))
        checks.one_of("colors", self.colors, (1, 3))
        if self.embed_size is not None:
            checks.whole("embed_size", self.embed_size, 1, _MAX_SIZE)
        if self.clamp is not None:
            checks.above("clamp", self.clamp, 0)

    @property
    def kind(self) -> Variant:
        """What its variant means."""
        return VARIANTS[self.variant]

    @property
    def resolution(self) -> int:
        """Pixels of a frame's edge."""
        return FIRST_SIZE * 2 ** (len(self.channels) - 1)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Pixels of the maps' edges, ascending."""
        return tuple(FIRST_SIZE * 2**step for step in range(len(self.channels)))

    @property
    def num_ws(self) -> int:
        """How many mapped latents a frame is made of: one per layer, or one per block."""
        return len(self.channels) if self.kind.per_block else 2 * len(self.channels)

    @property
    def label_size(self) -> int:
        """Values that stand for a label beside z."""
        return self.z_size if self.labels == "concat" else self.embed_size or self.w_size

    @property
    def mapping_sizes(self) -> tuple[tuple[int, int], ...]:
        """Values before and after each dense layer of the mapping."""
        first = self.z_size + (self.label_size if self.num_classes else 0)
        inner = [self.mapping_size] * (self.mapping_layers - 1)
        return tuple(zip((first, *inner), (*inner, self.w_size), strict=True))

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The modulated convolutions in the order in which they are computed."""
        found = []
        for step, (size, channels) in enumerate(zip(self.sizes, self.channels, strict=True)):
            first = 2 * step - 1
            places = (step, step, step) if self.kind.per_block else (first, first + 1, first + 2)
            if step:
                before = self.channels[step - 1]
                found.append(Layer(f"b{size}.conv0", size, before, channels, 3, places[0]))
            found.append(Layer(f"b{size}.conv1", size, channels, channels, 3, places[1]))
            if self.architecture == "skip" or size == self.resolution:
                found.append(Layer(f"b{size}.torgb", size, channels, self.colors, 1, places[2]))
        return tuple(found)

    @property
    def noisy(self) -> tuple[Layer, ...]:
        """The layers that take noise, in order."""
        return tuple(layer for layer in self.layers if not layer.colors)

    @property
    def shortcuts(self) -> tuple[tuple[str, int, int], ...]:
        """Name, channels before and channels after of each block's shortcut."""
        if self.architecture != "resid":
            return ()
        pairs = zip(self.sizes[1:], self.channels[:-1], self.channels[1:], strict=True)
        return tuple((f"b{size}.skip", before, after) for size, before, after in pairs)


def from_json(values: Mapping[str, Any]) -> StyleGan2Config:
    """Read the values of a config.json in our format.

    Raises:
        ValueError: a value is missing or breaks a rule; the message names it.
    """
    if values.get("format") != FORMAT:
        raise checks.mismatch("format", f"be {FORMAT}", values.get("format"))
    if values.get("version") != VERSION:
        raise checks.mismatch("version", f"be {VERSION}", values.get("version"))
    kinds: dict[str, type] = {
        **dict.fromkeys(
            ("z_size", "w_size", "num_classes", "mapping_layers", "mapping_size", "colors", "embed_size"), int
        ),
        **dict.fromkeys(("labels", "architecture", "variant"), str),
        **dict.fromkeys(("mapping_rate", "clamp"), float),
    }
    given = {key: checks.of_kind(key, values[key], kind) for key, kind in kinds.items() if values.get(key) is not None}
    channels = values.get("channels")
    if not isinstance(channels, list):
        raise checks.mismatch("channels", "be a list of whole numbers", channels)
    config = StyleGan2Config(tuple(checks.whole("channels", each) for each in channels), **given)
    checks.one_of("resolution", values.get("resolution", config.resolution), (config.resolution,))
    return config


def to_json(config: StyleGan2Config) -> dict[str, Any]:
    """The values of a config.json in our format."""
    return {"format": FORMAT, "version": VERSION, "resolution": config.resolution, **asdict(config)}
