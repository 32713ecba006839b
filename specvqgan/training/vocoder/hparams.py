"""Hyper-parameters of a vocoder's run."""

from dataclasses import dataclass

from core import checks
from specvqgan.training.settings import Hparams
from specvqgan.vocoder.discriminators import DiscriminatorConfig


@dataclass(frozen=True)
class VocoderHparams(Hparams):
    """Besides those of all runs. The original has no `stft_weight`, and its discriminators join at once.

    Attributes:
        frames: columns of the spectrograms of a piece of sound.
        amplitude: pieces are made softer at random, down to this factor.
        stft_weight: of the distance of spectra of three lengths, with which a network learns much faster.
        feature_weight: of the discriminators' features.
        adversarial_weight: of the discriminators' part of the loss; 0: there are none.
        adversarial_start: steps before the discriminators join.
        discriminators: at so many sample rates, each half of the one before.
        discriminator_width: channels of their first layers.
        discriminator_layers: that reduce the rate.
        codebook: a folder with a trained codebook; then some spectrograms are what it leaves of them.
        codebook_share: how many.
    """

    rate: float = 1e-4
    frames: int = 32
    amplitude: float = 0.3
    stft_weight: float = 0.0
    feature_weight: float = 10.0
    adversarial_weight: float = 1.0
    adversarial_start: int = 0
    discriminators: int = 3
    discriminator_width: int = 16
    discriminator_layers: int = 4
    codebook: str = ""
    codebook_share: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.in_range("frames", self.frames, 4)
        checks.above("amplitude", self.amplitude, 0, 1)
        for name in ("stft_weight", "feature_weight", "adversarial_weight", "adversarial_start"):
            checks.in_range(name, getattr(self, name), 0)
        for name in ("discriminators", "discriminator_width", "discriminator_layers"):
            checks.in_range(name, getattr(self, name), 1)
        checks.in_range("codebook_share", self.codebook_share, 0, 1)
        if not (self.stft_weight or self.adversarial_weight):
            raise ValueError("stft_weight or adversarial_weight must be above 0: nothing else teaches a vocoder")

    @property
    def judges(self) -> DiscriminatorConfig:
        """The discriminators' shape."""
        return DiscriminatorConfig(self.discriminators, self.discriminator_width, self.discriminator_layers)
