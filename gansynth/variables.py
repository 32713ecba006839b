"""Names of a model's variables: ours, short, and the ones under which Magenta keeps them in its checkpoints.

Ours are PART_BLOCK/KIND, such as "conv0_1/kernel", and HEAD/KIND for the discriminator's dense layers, such as
"logits/bias"; KIND is kernel or bias. Magenta's are its TensorFlow scopes (gansynth/lib/networks.py, train_util.py).
"""

import re

COUNTER = "global_step"
TRAIN_TIME = "Variable"  # Magenta gave it no name: seconds of training, for its train_time_limit
TRAINING = "progressive_gan_train_ops"

_GENERATOR = "Generator/progressive_gan_generator/progressive_gan_block_"
_DISCRIMINATOR = "Discriminator/progressive_gan_discriminator/progressive_gan_block_"
_HEADS = "Discriminator/discriminator_cond"


def generator(name: str) -> str:
    """A generator's variable, as it is trained.

    >>> generator("to_rgb_2/kernel")
    'Generator/progressive_gan_generator/progressive_gan_block_2/to_rgb/conv2d/kernel'
    """
    return _GENERATOR + _in_block(name)


def discriminator(name: str) -> str:
    """A discriminator's variable. Conditions' heads, which Magenta does not have, stand beside its pitch head.

    >>> discriminator("classification_logits/kernel")
    'Discriminator/discriminator_cond/classification_logits/dense/kernel'
    """
    head, _, kind = name.partition("/")
    if not head.endswith("logits"):
        return _DISCRIMINATOR + _in_block(name)
    where = f"{_DISCRIMINATOR}1" if head == "logits" else _HEADS
    return f"{where}/{head}/{'dense/' if kind == 'kernel' else ''}{kind}"


def averaged(name: str) -> str:
    """The moving average of a generator's variable, which plays."""
    return f"{generator(name)}/ExponentialMovingAverage"


def is_for_playing(variable: str) -> bool:
    """Whether playing needs a variable of a checkpoint: the averaged generator and the image counter."""
    return variable == COUNTER or (variable.startswith(_GENERATOR) and variable.endswith("/ExponentialMovingAverage"))


def first_moment(variable: str) -> str:
    """Adam's average of a variable's gradient."""
    return f"{TRAINING}/{variable}/Adam"


def second_moment(variable: str) -> str:
    """Adam's average of a variable's squared gradient."""
    return f"{TRAINING}/{variable}/Adam_1"


def powers(network: str) -> tuple[str, str]:
    """The scalars beta1 ** (steps + 1) and beta2 ** (steps + 1) of Adam; `network` is generator or discriminator."""
    return f"{TRAINING}/{network}_train/beta1_power", f"{TRAINING}/{network}_train/beta2_power"


def _in_block(name: str) -> str:
    part, block, kind = re.fullmatch(r"(.+)_(\d+)/(.+)", name).groups()  # type: ignore[union-attr]
    return f"{block}/{part}/{'conv2d/' if kind == 'kernel' else ''}{kind}"
