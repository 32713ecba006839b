"""The architecture of a MelGAN: its settings, read from the original's args.yml or from our config.json."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from core import checks

FORMAT, VERSION = "hallu-specvqgan-vocoder", 1
_MAX_CHANNELS, _MAX_STAGES, _MAX_RESIDUALS, _MAX_RATIO = 4096, 8, 8, 64
# How args.yml names them.
_ARGS = {"mels": "n_mel_channels", "width": "ngf", "residuals": "n_residual_layers"}


@dataclass(frozen=True)
class VocoderConfig:
    """The shape of a generator.

    Attributes:
        mels: bands of a spectrogram.
        width: channels of the last stage; each stage before has twice as many.
        residuals: residual blocks of a stage, with dilations 1, 3, 9, ...
        ratios: by which the stages enlarge what they get; even.
        sample_rate: of the sound, in Hz.
    """

    mels: int = 80
    width: int = 32
    residuals: int = 3
    ratios: tuple[int, ...] = (8, 8, 2, 2)
    sample_rate: int = 22050

    def __post_init__(self) -> None:
        checks.whole("mels", self.mels, 1, _MAX_CHANNELS)
        checks.whole("residuals", self.residuals, 1, _MAX_RESIDUALS)
        checks.in_range("the number of ratios", len(self.ratios), 1, _MAX_STAGES)
        checks.whole("width", self.width, 1, _MAX_CHANNELS >> len(self.ratios))
        checks.whole("sample_rate", self.sample_rate, 1, 768000)
        for ratio in self.ratios:
            checks.whole("a ratio", ratio, 2, _MAX_RATIO)
            if ratio % 2:
                raise checks.mismatch("a ratio", "be even", ratio)

    @property
    def channels(self) -> tuple[int, ...]:
        """Channels before the first stage, and after each."""
        stages = len(self.ratios)
        return tuple(self.width * 2 ** (stages - step) for step in range(stages + 1))

    @property
    def hop(self) -> int:
        """Samples of each frame."""
        found = 1
        for ratio in self.ratios:
            found *= ratio
        return found


def from_run(config: Mapping[str, Any]) -> VocoderConfig:
    """Read the settings of args.yml, or of our config.json.

    Raises:
        ValueError: a value is missing or breaks a rule; the message names it.
    """
    if "format" not in config:
        return VocoderConfig(**{ours: checks.of_kind(key, config.get(key), int) for ours, key in _ARGS.items()})
    checks.one_of("format", config["format"], (FORMAT,))
    checks.one_of("version", config.get("version"), (VERSION,))
    ratios = config.get("ratios")
    if not isinstance(ratios, list) or len(ratios) > _MAX_STAGES:
        raise checks.mismatch("ratios", f"be a list of at most {_MAX_STAGES} whole numbers", ratios)
    numbers = {key: checks.of_kind(key, config.get(key), int) for key in (*_ARGS, "sample_rate")}
    return VocoderConfig(ratios=tuple(checks.of_kind("a ratio", each, int) for each in ratios), **numbers)


def to_json(config: VocoderConfig) -> dict[str, Any]:
    """The settings as our config.json has them."""
    return {"format": FORMAT, "version": VERSION, **asdict(config)}
