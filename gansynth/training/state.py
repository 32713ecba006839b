"""What a training run consists of at one moment: everything that has to be saved for it to go on as if unbroken."""

from dataclasses import dataclass, field

from gansynth.checkpoint import Weights

# What the warm start learns for each instrument, in State.extra: the middle of its latents, and how far around it.
LATENTS = ("latent/mean", "latent/log_deviation")


@dataclass
class Adam:
    """Moments of the gradients, under the names of the weights, and how many steps they hold."""

    m: Weights
    v: Weights
    steps: int = 0


@dataclass
class State:
    """Weights are float32 arrays; `average` is the moving average of `generator`, which is what plays.

    `blocks` is how many blocks there are, `images` how many real notes were seen (Magenta's global_step). `extra`
    holds what Magenta does not know: the latents of the warm start and their moments.
    """

    generator: Weights
    discriminator: Weights
    average: Weights
    generator_adam: Adam
    discriminator_adam: Adam
    blocks: int
    images: int = 0
    extra: Weights = field(default_factory=dict)
