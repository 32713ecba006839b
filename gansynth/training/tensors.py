"""A GANSynth run's state as a tree of tensors, which the steps of training take and return."""

import numpy as np

from core.training.learned_latents import LATENTS
from core.training.trees import Tree, to_arrays, to_tensors
from gansynth.training.state import AdamMoments, SoundState

NETWORKS = ("generator", "discriminator")


def from_state(state: SoundState) -> Tree:
    """A state as the steps take it; the latents' moments are beside the generator's."""
    tree: Tree = {name: getattr(state, name) for name in (*NETWORKS, "average")}
    tree["latents"] = {name: state.extra[name] for name in LATENTS if name in state.extra}
    for network in NETWORKS:
        moments = getattr(state, f"{network}_adam")
        tree[f"{network}_adam"] = {"m": moments.m, "v": moments.v, "steps": np.float32(moments.steps)}
    for slot in ("m", "v"):
        own = {name: state.extra[f"{name}/{slot}"] for name in tree["latents"]}
        tree["generator_adam"][slot] = tree["generator_adam"][slot] | own
    return to_tensors(tree)


def to_state(tensors: Tree, blocks: int, images: int) -> SoundState:
    """The inverse of `from_state`: a state of arrays."""
    tree = to_arrays(tensors)
    extra, moments = tree["latents"], {}
    for network in NETWORKS:
        adam = tree[f"{network}_adam"]
        for slot in ("m", "v"):
            extra = extra | {f"{name}/{slot}": adam[slot].pop(name) for name in LATENTS if name in adam[slot]}
        moments[network] = AdamMoments(adam["m"], adam["v"], int(adam["steps"]))
    return SoundState(
        tree["generator"],
        tree["discriminator"],
        tree["average"],
        moments["generator"],
        moments["discriminator"],
        blocks,
        images,
        extra,
    )
