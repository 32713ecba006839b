"""Names of a model's variables: our short ones, and those in Magenta's checkpoints.

Ours are PART_BLOCK/KIND, such as "conv0_1/kernel", and HEAD/KIND for the discriminator's dense layers, such as
"logits/bias"; KIND is kernel or bias. Magenta's are its TensorFlow scopes (gansynth/lib/networks.py, train_util.py).
"""

import re

COUNTER = "global_step"
TRAIN_TIME = "Variable"  # Magenta's nameless variable: seconds of training, for its train_time_limit
TRAINING = "progressive_gan_train_ops"

_GENERATOR = "Generator/progressive_gan_generator/progressive_gan_block_"
_DISCRIMINATOR = "Discriminator/progressive_gan_discriminator/progressive_gan_block_"
_HEADS = "Discriminator/discriminator_cond"


def generator(name: str) -> str:
    """Name of a trained variable of the generator.

    >>> generator("to_rgb_2/kernel")
    'Generator/progressive_gan_generator/progressive_gan_block_2/to_rgb/conv2d/kernel'
    """
    return _GENERATOR + _in_block(name)


def discriminator(name: str) -> str:
    """Name of a variable of the discriminator. Heads of conditions, which Magenta lacks, are beside its pitch head.

    >>> discriminator("classification_logits/kernel")
    'Discriminator/discriminator_cond/classification_logits/dense/kernel'
    """
    head, _, kind = name.partition("/")
    if not head.endswith("logits"):
        return _DISCRIMINATOR + _in_block(name)
    where = f"{_DISCRIMINATOR}1" if head == "logits" else _HEADS
    return f"{where}/{head}/{'dense/' if kind == 'kernel' else ''}{kind}"


def averaged(name: str) -> str:
    """Name of the moving average of a generator's variable, which is used for playing."""
    return f"{generator(name)}/ExponentialMovingAverage"


def is_for_playing(variable: str) -> bool:
    """Whether playing needs a variable of a checkpoint: the averaged generator and the image counter."""
    return variable == COUNTER or (variable.startswith(_GENERATOR) and variable.endswith("/ExponentialMovingAverage"))


def first_moment(variable: str) -> str:
    """Name of Adam's average of a variable's gradient."""
    return f"{TRAINING}/{variable}/Adam"


def second_moment(variable: str) -> str:
    """Name of Adam's average of a variable's squared gradient."""
    return f"{TRAINING}/{variable}/Adam_1"


def powers(network: str) -> tuple[str, str]:
    """Names of Adam's beta1 ** (steps + 1) and beta2 ** (steps + 1); `network` is generator or discriminator."""
    return f"{TRAINING}/{network}_train/beta1_power", f"{TRAINING}/{network}_train/beta2_power"


def _in_block(name: str) -> str:
    part, block, kind = re.fullmatch(r"(.+)_(\d+)/(.+)", name).groups()  # type: ignore[union-attr]
    return f"{block}/{part}/{'conv2d/' if kind == 'kernel' else ''}{kind}"
