"""A step of gradient descent on one network of a run's tree."""

from core.nn import adam
from core.training.learned_latents import LATENTS
from core.training.trees import Tensor, Tensors, Tree


def descend(
    tree: Tree, network: str, learned: Tensors, gradients: Tensors, rate: Tensor, betas: tuple[float, float]
) -> Tree:
    """Take an Adam step on one network, and on latents that are learned along with it.

    Args:
        tree: has the branches `network`, `network`_adam ("m", "v", "steps") and "latents".
        network: such as "generator".
        learned: the weights to change: some of the network's, and maybe the latents.
        gradients: of the loss, under the same names.
        rate: learning rate.
        betas: Adam's.

    Returns:
        The tree with the new weights, latents and moments.
    """
    moments = tree[f"{network}_adam"]
    steps = moments["steps"] + 1.0
    moved, m, v = adam.update(learned, gradients, moments["m"], moments["v"], steps, rate, *betas)
    latents = {name: moved.pop(name) for name in LATENTS if name in moved}
    return tree | {
        network: tree[network] | moved,
        f"{network}_adam": {"m": moments["m"] | m, "v": moments["v"] | v, "steps": steps},
        "latents": tree["latents"] | latents,
    }
