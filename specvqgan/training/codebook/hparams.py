"""Hyper-parameters of a codebook's run."""

from dataclasses import dataclass

from core import checks
from specvqgan.codebook.discriminator import PatchConfig
from specvqgan.training.settings import Hparams


@dataclass(frozen=True)
class CodebookHparams(Hparams):
    """Besides those of all runs.

    Attributes:
        frames: columns of the pieces of spectrograms in a batch; 0: as many as the network was made for.
        codebook_weight: of the codes' part of the loss.
        commitment: how strongly the encoder is drawn to the codes, against the codes to the encoder.
        original_loss: with `commitment` on the other part, as the original has it.
        perceptual_weight: of LPAPS; it needs `perceptual_weights`.
        perceptual_weights: path of LPAPS's weights.
        perceptual_plain: every channel of LPAPS counts the same, for files that have no weights of the last step.
        adversarial_start: steps before the discriminator joins.
        adversarial_weight: of its part of the loss; 0: there is none.
        discriminator_width: channels of its first layer.
        discriminator_layers: of PatchGAN.
        revive_every: steps between two looks for codes that are not used, which then move to where they are; 0: never.
        revive_below: a code is not used if its share of all, times their number, is below this.
    """

    frames: int = 0
    codebook_weight: float = 1.0
    commitment: float = 0.25
    original_loss: bool = False
    perceptual_weight: float = 0.0
    perceptual_weights: str = ""
    perceptual_plain: bool = False
    adversarial_start: int = 2001
    adversarial_weight: float = 0.8
    discriminator_width: int = 64
    discriminator_layers: int = 3
    revive_every: int = 100
    revive_below: float = 0.05

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("frames", "codebook_weight", "commitment", "perceptual_weight", "adversarial_start",
                     "adversarial_weight", "revive_every", "revive_below"):  # fmt: skip
            checks.in_range(name, getattr(self, name), 0)
        for name in ("discriminator_width", "discriminator_layers"):
            checks.in_range(name, getattr(self, name), 1)
        if self.perceptual_weight and not self.perceptual_weights:
            raise ValueError(
                "training.perceptual_weights is missing: name the file with LPAPS's weights, or set "
                "training.perceptual_weight=0 (those of the original were never published)"
            )

    @property
    def discriminator(self) -> PatchConfig:
        """The discriminator's shape."""
        return PatchConfig(self.discriminator_width, self.discriminator_layers)
