"""GANSynth's discriminator as a pure function of a dict of arrays: the generator mirrored, with a head per label.

Source: Karras et al. 2018 and Engel et al. 2019, as Magenta's gansynth/lib/networks.py trains it. Maps are
[n, time, frequency, channels]. It works at the resolution of its last block; the larger spectrograms that Magenta
feeds it are nearest-neighbour enlargements of the same.
"""

from collections.abc import Callable, Mapping

from keras import ops

from core.nn.products import convolve
from core.training.trees import Tensor
from gansynth.config import Config
from gansynth.network import LEAK, equalizer

Reduce = Callable[[Tensor], Tensor]
HEAD = "_logits"


def prepare_training(weights: Mapping[str, Tensor], dtype: str = "float32") -> dict[str, Tensor]:
    """Weights with the equalised learning rate's factor; convolutions are computed in the precision `dtype`."""
    ready = dict(weights)
    for name in [name for name in weights if name.endswith("/kernel")]:
        dense = len(weights[name].shape) == 2
        # Magenta's dense layers count the default slope of its initialiser, 1.
        kernel = weights[name] * equalizer(weights[name].shape, 1.0 if dense else 2.0)
        ready[name] = kernel if dense else ops.cast(kernel, dtype)
    return ready


def discriminator(
    weights: Mapping[str, Tensor],
    specgrams: Tensor,
    config: Config,
    blocks: int,
    fade: Tensor | None = None,
    mean_over_workers: Reduce = lambda x: x,
) -> tuple[Tensor, dict[str, Tensor]]:
    """Score spectrograms, and predict their labels.

    Args:
        weights: from `prepare_training`.
        specgrams: [n, h, w, 2], normalised, at the resolution of block `blocks`.
        config: gives the map sizes.
        blocks: how many blocks there are.
        fade: 0..1, how far the last block has faded in; None: fully.
        mean_over_workers: averages a tensor over all workers, which the batch statistic spans.

    Returns:
        Scores [n, 1], and logits by head: "classification" for the pitch, a condition's name for the others.
    """
    x = _from_rgb(weights, specgrams, blocks)
    for block in range(blocks, 1, -1):
        x = _layer(weights, _layer(weights, x, f"conv0_{block}"), f"conv1_{block}")
        x = shrink(x, config.scale_base, config)
        if block == blocks and fade is not None:
            small = _from_rgb(weights, shrink(specgrams, config.scale_base, config), block - 1)
            x = fade * x + (1.0 - fade) * small
    spread = ops.ones_like(x[..., :1]) * batch_deviation(x, mean_over_workers)
    x = _layer(weights, ops.concatenate([x, spread], axis=-1), "conv0_1")
    x = ops.reshape(_layer(weights, x, "conv1_1", "valid"), (-1, config.num_filters(0)))
    heads = [name.removesuffix(HEAD + "/kernel") for name in weights if name.endswith(HEAD + "/kernel")]
    return _dense(weights, x, "logits"), {head: _dense(weights, x, head + HEAD) for head in heads}


def batch_deviation(x: Tensor, mean_over_workers: Reduce) -> Tensor:
    """How much a batch [n, ...] varies: the standard deviation of each value, averaged; a scalar."""
    # This changes no first derivative; the second one, of the gradient penalty, is Magenta's (tf.nn.moments) with it.
    mean = ops.stop_gradient(mean_over_workers(ops.mean(x, axis=0)))
    variance = mean_over_workers(ops.mean(ops.square(x - mean), axis=0))
    return ops.mean(ops.sqrt(variance + 1e-6))


def shrink(x: Tensor, factor: int, config: Config) -> Tensor:
    """Means over boxes of a map [n, h, w, c]; over h alone where scale_mode is H."""
    if factor == 1:
        return x
    size = (factor, factor if config.scale_mode == "ALL" else 1)
    return ops.average_pool(x, size, size, "valid")


def _from_rgb(weights: Mapping[str, Tensor], specgrams: Tensor, block: int) -> Tensor:
    return _layer(weights, specgrams, f"from_rgb_{block}")


def _layer(weights: Mapping[str, Tensor], x: Tensor, name: str, padding: str = "same") -> Tensor:
    return ops.leaky_relu(convolve(ops, x, weights[f"{name}/kernel"], padding) + weights[f"{name}/bias"], LEAK)


def _dense(weights: Mapping[str, Tensor], x: Tensor, name: str) -> Tensor:
    return ops.matmul(x, weights[f"{name}/kernel"]) + weights[f"{name}/bias"]
