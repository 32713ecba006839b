"""One step: the generator learns the colours of pixels from what their pictures were drawn from.

Source: Bojanowski et al. 2018, with latents that are known. No pixel needs its neighbours, so a step may take a few of
each of many pictures: it learns from far more pictures than one that computes them whole.
"""

from keras import ops

from core.nn import adam, ema
from core.nn.backend import value_and_gradients
from core.training.trees import Tensor, Tensors, Tree
from renderer.cips import network, weights
from renderer.cips.config import CipsConfig
from renderer.cips.training.hparams import CipsHparams

# Adam's.
BETAS = (0.9, 0.99)
# The average's half-life is at most this share of the pictures seen.
AVERAGE_SHARE = 0.05


def training_step(config: CipsConfig, hparams: CipsHparams, tree: Tree, batch: Tensors) -> tuple[Tree, Tensors]:
    """Train for one step.

    Args:
        config: the generator's shape.
        hparams: of the run.
        tree: `CipsState.tree` as tensors.
        batch: see `PixelSource.batch`.

    Returns:
        The new tree, and the losses by name.
    """
    generator, moments = tree["generator"], tree["generator_adam"]
    own = {name: generator[name] for name in weights.learned(config)}
    (value, _), gradients = value_and_gradients(lambda now: (distance(config, generator | now, batch), None), own)
    steps = moments["steps"] + 1.0
    own, m, v = adam.update(own, gradients, moments["m"], moments["v"], steps, batch["rate"], *BETAS)
    half_life = ops.minimum(float(hparams.average_images), AVERAGE_SHARE * batch["seen"] + 1.0)
    decay = ops.power(0.5, hparams.batch_size / half_life)
    new = {
        "generator": generator | own,
        "average": tree["average"] | ema.update(tree["average"], own, decay),
        "generator_adam": {"m": m, "v": v, "steps": steps},
    }
    return new, {"distance": value}


def distance(config: CipsConfig, arrays: Tensors, batch: Tensors) -> Tensor:
    """Mean distance of the pixels' colours from those that they should have, in -1..1: a scalar."""
    labels = batch["labels"] if config.num_classes else None
    w = network.mapping(ops, arrays, batch["z"], labels, config)
    displaced = network.displacements(ops, arrays, w, batch["at"])
    places = network.moved(ops, arrays, w, batch["at"], displaced)
    wanted = ops.cast(batch["colors"], "float32") / 127.5 - 1.0
    return ops.mean(ops.absolute(network.colors(ops, arrays, w, places, config) - wanted))
