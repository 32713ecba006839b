"""The architecture of a generator: the settings of its config.json, and the parts that follow from them."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core import checks

FIRST_SIZE, FIRST_CHANNELS = 4, 16  # the first map's edge in pixels, and its channels in channel widths
FIRST_LAYER = "gen_z"
REDUCTION = 4  # a block's inner maps have this many times fewer channels
Layer = tuple[bool, int, int]
_LARGEST = 1 << 20  # far beyond any model there is


@dataclass(frozen=True)
class Block:
    """Residual block `name` takes a map of `before` channels to one of `after` at `size` pixels, upsampled or not."""

    name: str
    size: int
    doubles: bool
    before: int
    after: int

    @property
    def inner(self) -> int:
        """Channels of the inner maps."""
        return self.before // REDUCTION

    @property
    def norms(self) -> Iterator[tuple[str, int]]:
        """Names and channels of its batch norms, in the order in which they are computed."""
        for number, channels in enumerate((self.before, self.inner, self.inner, self.inner)):
            yield f"{self.name}.bn_{number}", channels


@dataclass(frozen=True)
class Attention:
    """Self-attention at `size` pixels over a map of `channels`."""

    name: str
    size: int
    channels: int


@dataclass(frozen=True)
class BigGANConfig:
    """A generator's shape.

    `layers` has (doubles the map, channels in, channels out) of each block, channels in channel widths; attention
    stands before block `attention_position`, if there is such a block. `rows` truncations, evenly from 0 to 1, have
    statistics of their own. `epsilon` is batch norm's.
    """

    name: str
    z_size: int
    embed_size: int
    num_classes: int
    channel_width: int
    layers: tuple[Layer, ...]
    attention_position: int
    epsilon: float
    rows: int

    def __post_init__(self) -> None:
        for key in ("z_size", "embed_size", "num_classes", "channel_width"):
            checks.in_range(key, getattr(self, key), 1)
            checks.in_range(key, getattr(self, key), -math.inf, _LARGEST)
        checks.in_range("n_stats", self.rows, 2, _LARGEST)
        checks.above("eps", self.epsilon, 0)
        checks.in_range("eps", self.epsilon, -math.inf, 1)
        _check_layers(self.layers, self.channel_width)

    @property
    def resolution(self) -> int:
        """Pixels of an image's edge."""
        return FIRST_SIZE * 2 ** sum(doubles for doubles, _, _ in self.layers)

    @property
    def cond_size(self) -> int:
        """Length of the vector that conditions every batch norm: z and class embedding."""
        return self.z_size + self.embed_size

    @property
    def first_values(self) -> int:
        """Values of the first map."""
        return FIRST_SIZE**2 * FIRST_CHANNELS * self.channel_width

    @property
    def parts(self) -> tuple[Block | Attention, ...]:
        """The parts between the first map and the colours, in order; numbered as in pytorch-pretrained-biggan."""
        found: list[Block | Attention] = []
        size, width = FIRST_SIZE, self.channel_width
        for position, (doubles, before, after) in enumerate(self.layers):
            if position == self.attention_position:
                found.append(Attention(f"generator.layers.{len(found)}", size, before * width))
            size *= 2 if doubles else 1
            found.append(Block(f"generator.layers.{len(found)}", size, doubles, before * width, after * width))
        return tuple(found)

    @property
    def layer_shapes(self) -> dict[str, tuple[int, int, int]]:
        """Height, width and channels of the first map, "gen_z", and of the output of each part, "layers.0", ..."""
        found = {FIRST_LAYER: (FIRST_SIZE, FIRST_SIZE, FIRST_CHANNELS * self.channel_width)}
        for part in self.parts:
            channels = part.after if isinstance(part, Block) else part.channels
            found[part.name.removeprefix("generator.")] = (part.size, part.size, channels)
        return found

    @property
    def norms(self) -> tuple[tuple[str, int], ...]:
        """Names and channels of all batch norms in the order in which they are computed; the last has no condition."""
        blocks = [norm for part in self.parts if isinstance(part, Block) for norm in part.norms]
        return (*blocks, ("generator.bn", self.channel_width))


def from_json(values: Mapping[str, Any], name: str) -> BigGANConfig:
    """Read the values of a config.json of pytorch-pretrained-biggan.

    Raises:
        ValueError: a value is missing or breaks a rule; the message names it.
    """
    config = BigGANConfig(
        name=name,
        z_size=_whole(values, "z_dim", 128),
        embed_size=_whole(values, "class_embed_dim", 128),
        num_classes=_whole(values, "num_classes", 1000),
        channel_width=_whole(values, "channel_width", 128),
        layers=_layers(values.get("layers")),
        attention_position=_whole(values, "attention_layer_position", 8),
        epsilon=_number(values, "eps", 1e-4),
        rows=_whole(values, "n_stats", 51),
    )
    if _whole(values, "output_dim", config.resolution) != config.resolution:
        raise ValueError(f"output_dim is {values['output_dim']}, but the layers give {config.resolution} pixels")
    return config


def to_json(config: BigGANConfig) -> dict[str, Any]:
    """The values of a config.json, under pytorch-pretrained-biggan's names."""
    return {
        "output_dim": config.resolution,
        "z_dim": config.z_size,
        "class_embed_dim": config.embed_size,
        "channel_width": config.channel_width,
        "num_classes": config.num_classes,
        "layers": [list(layer) for layer in config.layers],
        "attention_layer_position": config.attention_position,
        "eps": config.epsilon,
        "n_stats": config.rows,
    }


def _whole(values: Mapping[str, Any], key: str, default: int) -> int:
    value = values.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise checks.mismatch(key, "be a whole number", value)
    return value


def _number(values: Mapping[str, Any], key: str, default: float) -> float:
    return float(checks.number(key, values.get(key, default)))


def _layers(value: Any) -> tuple[Layer, ...]:
    rule = "layers must be a list of [doubles the map, channels in, channels out]"
    if not isinstance(value, list) or not value:
        raise ValueError(f"{rule}, not {value!r}")
    for layer in value:
        kinds = [type(entry) for entry in layer] if isinstance(layer, list) else None
        if kinds != [bool, int, int]:
            raise ValueError(f"{rule}; one of them is {layer!r}")
    return tuple((layer[0], layer[1], layer[2]) for layer in value)


def _check_layers(layers: tuple[Layer, ...], width: int) -> None:
    """Check that each block keeps or halves its channels, and takes as many as the one before it gives."""
    given = FIRST_CHANNELS
    for layer in layers:
        _, before, after = layer
        if before != given or 2 * after not in (before, 2 * before) or after < 1:
            raise ValueError(f"layer {list(layer)} must take {given} channels, and keep or halve them")
        if before * width < REDUCTION:
            raise ValueError(f"layer {list(layer)} has {before * width} channels; it needs at least {REDUCTION}")
        given = after
    if given != 1:
        raise checks.mismatch("the last layer", "give 1 channel width", given)
    if sum(doubles for doubles, _, _ in layers) > 9:
        raise ValueError("the layers double the map more than 9 times")
