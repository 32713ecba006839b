"""The stages of progressive growing: even ones are stable, in odd ones a new resolution fades in."""

from dataclasses import dataclass, replace

from gansynth import checkpoint
from gansynth.config import Config
from gansynth.training.hparams import SoundHparams


@dataclass(frozen=True)
class SoundStage:
    """Stage `number` has networks of `blocks` blocks and ends when `end` notes were seen in all.

    `pretraining`: the generator reconstructs the notes, without a discriminator.
    """

    number: int
    blocks: int
    end: int
    pretraining: bool = False

    @property
    def fading(self) -> bool:
        """Whether the last block is fading in."""
        return self.number % 2 == 1

    def fade(self, images: float, config: Config) -> float:
        """How far the last block has faded in: 0..1."""
        return checkpoint.progress_at(images, config, self.blocks) - (self.blocks - 2) if self.fading else 1.0


def stages(config: Config, hparams: SoundHparams) -> list[SoundStage]:
    """All stages in order: Magenta's, of which one is divided where pretraining ends."""
    found, start, pretraining = list[SoundStage](), 0, hparams.warm_start_images
    for stage in _growing(config, hparams):
        if start < min(pretraining, stage.end):
            found.append(replace(stage, end=min(pretraining, stage.end), pretraining=True))
        if stage.end > pretraining:
            found.append(stage)
        start = max(start, stage.end)
    return found


def _growing(config: Config, hparams: SoundHparams) -> list[SoundStage]:
    """The stages of growing; without progressive growing only the last one."""
    stable, transition = config.stable_stage_num_images, config.transition_stage_num_images
    last = 2 * config.num_resolutions - 2
    if not config.train_progressive:
        return [SoundStage(last, config.num_resolutions, hparams.total_num_images)]
    found = []
    for number in range(last + 1):
        end = (number // 2 + 1) * stable + (number + 1) // 2 * transition
        end = hparams.total_num_images if number == last else min(end, hparams.total_num_images)
        found.append(SoundStage(number, checkpoint.blocks_of(number), end))
    return found
