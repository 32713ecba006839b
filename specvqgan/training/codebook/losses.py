"""The losses of a codebook, as pure functions.

Source: van den Oord et al. 2017 (codes), Esser et al. 2020 (adversarial). In the original, the weight of the commitment
stands at the codes' part; `original` does the same.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from keras import ops

from core.training.trees import Tensor, Tensors
from specvqgan.codebook import network
from specvqgan.codebook.config import CodebookConfig

# Spectrograms and what is left of them, in -1..1 [n, mels, frames, 1] -> their distances [n].
Perceptual = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Quantized:
    """What a codebook makes of spectrograms.

    Attributes:
        z: what was looked up, [n, rows, columns, code_size].
        tokens: int [n, rows, columns].
        picture: the reconstruction, [n, mels, frames, 1].
        loss: of the codes.
    """

    z: Tensor
    tokens: Tensor
    picture: Tensor
    loss: Tensor


def quantized(
    weights: Tensors, x: Tensor, config: CodebookConfig, commitment: float, original: bool = False
) -> Quantized:
    """Encode, look up and decode spectrograms [n, mels, frames, 1] in -1..1; gradients pass the codes unchanged."""
    z = network.encode(ops, weights, x, config)
    tokens = ops.stop_gradient(network.nearest(ops, weights, z))
    codes = network.look_up(ops, weights, tokens)
    loss = code_loss(z, codes, commitment, original)
    through = z + ops.stop_gradient(codes - z)
    return Quantized(z, tokens, network.decode(ops, weights, through, config), loss)


def code_loss(z: Tensor, codes: Tensor, commitment: float, original: bool = False) -> Tensor:
    """How far codes and what was looked up are from each other, as two parts: one moves the codes, one the encoder."""
    to_codes = ops.mean(ops.square(ops.stop_gradient(codes) - z))
    to_encoder = ops.mean(ops.square(codes - ops.stop_gradient(z)))
    return to_codes + commitment * to_encoder if original else commitment * to_codes + to_encoder


def perplexity(tokens: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """How many codes are used as if evenly, and each one's share [count]."""
    shares = ops.mean(ops.one_hot(ops.reshape(tokens, (-1,)), count, dtype="float32"), axis=0)
    return ops.exp(-ops.sum(shares * ops.log(shares + 1e-10))), shares


def reconstruction(x: Tensor, picture: Tensor, perceptual: Perceptual | None, weight: float) -> dict[str, Any]:
    """Mean absolute difference and perceptual distance; "nll" is what they sum up to."""
    l1 = ops.mean(ops.abs(x - picture))
    if perceptual is None:
        return {"l1": l1, "nll": l1}
    distance = ops.mean(perceptual(x, picture))
    return {"l1": l1, "perceptual": distance, "nll": l1 + weight * distance}
