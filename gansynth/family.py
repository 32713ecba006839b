"""GANSynth in the registry of model families."""

from pathlib import Path
from typing import Any

from core.families import Download, Family, SoundDescription
from gansynth.config import is_checkpoint, read_config

# Magenta publishes no checksums of its files.
_ADDRESS = "https://storage.googleapis.com/magentadata/models/gansynth/{}.zip"
_PUBLISHED = ("all_instruments", "acoustic_only")


def describe(folder: Path) -> SoundDescription:
    """What a checkpoint's settings say; see `gansynth.read_config` for the errors."""
    config = read_config(folder)
    return SoundDescription(
        config.name, config.pitches, config.latent_size, config.audio_length, config.sample_rate, config.conditions
    )


def check(folder: Path) -> None:
    """Read a checkpoint's settings and weights, to see that it can be played.

    Raises:
        FileNotFoundError: there is no checkpoint, or it has no complete weights.
        ValueError: a setting breaks a rule, or the weights are damaged or do not fit the settings.
    """
    from gansynth import checkpoint

    checkpoint.load(read_config(folder))


def checksum(folder: Path) -> str:
    """The checksum of a checkpoint; see `gansynth.checkpoint.checksum`."""
    from gansynth import checkpoint

    return checkpoint.checksum(folder)


def _load(folder: Path, **options: str) -> Any:
    import gansynth

    return gansynth.load(folder, **options)


FAMILY = Family(
    name="gansynth",
    kind="sound",
    folder="gansynth",
    contents="stage_* folders and mostly experiment.json",
    detect=is_checkpoint,
    describe=describe,
    load=_load,
    check=check,
    checksum=checksum,
    downloads={name: (Download(_ADDRESS.format(name)),) for name in _PUBLISHED},
)
