"""The architecture of a codebook: its settings, read from a run of the original's or from our config.json."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from core import checks
from specvqgan.file_values import optional_part, part, whole

FORMAT, VERSION = "hallu-specvqgan-codebook", 1
# Nobody has trained a codebook beyond these; they bound what a file can ask for.
_MAX_CHANNELS, _MAX_LEVELS, _MAX_BLOCKS, _MAX_CODES, _MAX_MELS, _MAX_FRAMES = 4096, 8, 16, 2**16, 1024, 2**16
# The original's own constant.
_GROUPS = 32


@dataclass(frozen=True)
class CodebookConfig:
    """The shape of an encoder, its codes and a decoder.

    Attributes:
        channels: of the maps of each level, from the spectrogram inwards; each level but the first has half the size.
        blocks: residual blocks of a level of the encoder; the decoder has one more.
        attention: levels, counted from 0, whose blocks are each followed by attention.
        z_channels: of the encoder's output.
        codes: how many there are.
        code_size: numbers of a code.
        groups: into which channels are divided where they are normalised.
        mels: bands of a spectrogram.
        frames: columns of a spectrogram that it was trained on.
    """

    channels: tuple[int, ...]
    blocks: int
    attention: tuple[int, ...]
    z_channels: int
    codes: int
    code_size: int
    groups: int = _GROUPS
    mels: int = 80
    frames: int = 848

    def __post_init__(self) -> None:
        checks.in_range("the number of levels", len(self.channels), 1, _MAX_LEVELS)
        checks.whole("groups", self.groups, 1, _MAX_CHANNELS)
        for channels in self.channels:
            checks.whole("channels", channels, 1, _MAX_CHANNELS)
            if channels % self.groups:
                raise checks.mismatch("channels", f"be a multiple of {self.groups}", channels)
        for level in self.attention:
            checks.whole("a level of attention", level, 0, len(self.channels) - 1)
        checks.whole("blocks", self.blocks, 1, _MAX_BLOCKS)
        checks.whole("z_channels", self.z_channels, 1, _MAX_CHANNELS)
        checks.whole("code_size", self.code_size, 1, _MAX_CHANNELS)
        checks.whole("codes", self.codes, 2, _MAX_CODES)
        checks.whole("mels", self.mels, self.stride, _MAX_MELS)
        checks.whole("frames", self.frames, self.stride, _MAX_FRAMES)

    @property
    def stride(self) -> int:
        """Bands, and frames, of a spectrogram for each code of the grid."""
        return int(2 ** (len(self.channels) - 1))

    @property
    def rows(self) -> int:
        """Height of the grid of codes."""
        return self.mels // self.stride

    @property
    def columns(self) -> int:
        """Width of the grid of codes that it was trained on."""
        return self.frames // self.stride

    @property
    def bits(self) -> int:
        """Bits that tell a code from all others."""
        return (self.codes - 1).bit_length()


def from_run(config: Mapping[str, Any]) -> CodebookConfig:
    """Read the settings of a run: of a codebook, of a transformer, which contains one, or our config.json.

    Raises:
        ValueError: a value is missing or breaks a rule; the message names it.
    """
    if "format" in config:
        return _from_json(config)
    model = part(config, "model")
    params = part(model, "params")
    if "first_stage_config" in params:
        params = part(part(params, "first_stage_config"), "params")
    inner = part(params, "ddconfig")
    if inner.get("double_z", False) is not False:
        raise checks.mismatch("double_z", "be false", inner["double_z"])
    for key in ("in_channels", "out_ch"):
        checks.one_of(key, inner.get(key, 1), (1,))
    channels, multiples = whole(inner, "ch"), _wholes(inner, "ch_mult")
    resolution, wanted = whole(inner, "resolution"), _wholes(inner, "attn_resolutions")
    data = optional_part(optional_part(config, "data"), "params")
    return CodebookConfig(
        channels=tuple(channels * checks.whole("ch_mult", each, 1, _MAX_CHANNELS) for each in multiples),
        blocks=whole(inner, "num_res_blocks"),
        attention=tuple(level for level in range(len(multiples)) if resolution // 2**level in wanted),
        z_channels=whole(inner, "z_channels"),
        codes=whole(params, "n_embed"),
        code_size=whole(params, "embed_dim"),
        mels=whole(data, "mel_num") if "mel_num" in data else 80,
        frames=resolution,
    )


def to_json(config: CodebookConfig) -> dict[str, Any]:
    """The settings as our config.json has them."""
    return {"format": FORMAT, "version": VERSION, **asdict(config)}


def _from_json(values: Mapping[str, Any]) -> CodebookConfig:
    checks.one_of("format", values["format"], (FORMAT,))
    checks.one_of("version", values.get("version"), (VERSION,))
    numbers = ("blocks", "z_channels", "codes", "code_size", "groups", "mels", "frames")
    channels, attention = (tuple(_wholes(values, key)) for key in ("channels", "attention"))
    return CodebookConfig(channels=channels, attention=attention, **{key: whole(values, key) for key in numbers})


def _wholes(values: Mapping[str, Any], key: str) -> list[int]:
    found = values.get(key)
    if not isinstance(found, list) or len(found) > _MAX_CHANNELS:
        raise checks.mismatch(key, "be a list of whole numbers", found)
    return [int(checks.of_kind(key, each, int)) for each in found]
