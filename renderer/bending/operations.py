"""What a network does with the input of a bend, over `core.nn.ops`."""

from core.nn import sampling
from core.nn.ops import Ops, Tensor
from renderer.bending.bend import BLEND, BLUR, HUE, WARP

_WHITE = 1.0
# Too small to be a colour.
_GREY = 1e-12


def apply(ops: Ops, x: Tensor, operation: str, given: Tensor) -> Tensor:
    """Bend a map.

    Args:
        ops: what computes it.
        x: [n, size, size, channels].
        operation: of the bend.
        given: what `inputs` gives for it.
    """
    return {WARP: sampling.warp, BLUR: _blur, HUE: _hue, BLEND: _blend}[operation](ops, x, given)


def _blend(ops: Ops, x: Tensor, amount: Tensor) -> Tensor:
    return x + (_WHITE - x) * amount[0]


def _blur(ops: Ops, x: Tensor, matrix: Tensor) -> Tensor:
    """Rows and columns of each channel, multiplied by a matrix."""
    planes = ops.transpose(x, (0, 3, 1, 2))
    found = ops.matmul(ops.matmul(matrix, planes), ops.transpose(matrix, (1, 0)))
    return ops.transpose(found, (0, 2, 3, 1))


def _hue(ops: Ops, x: Tensor, turns: Tensor) -> Tensor:
    """Turn hues, keeping the largest and the smallest of three colours; each third of the channels is one colour."""
    third = x.shape[-1] // 3
    if not third:
        return x
    red, green, blue = (x[..., place * third : (place + 1) * third] for place in range(3))
    high, low = (find(find(red, green), blue) for find in (ops.maximum, ops.minimum))
    spread = high - low
    safe = ops.maximum(spread, _GREY)
    angle = ops.where(
        ops.greater_equal(red, high),
        (green - blue) / safe,
        ops.where(ops.greater_equal(green, high), (blue - red) / safe + 2.0, (red - green) / safe + 4.0),
    )
    angle = angle + 6.0 * turns[0]
    angle = angle - 6.0 * ops.floor(angle / 6.0)
    parts = [
        ops.absolute(angle - 3.0) - 1.0,
        2.0 - ops.absolute(angle - 2.0),
        2.0 - ops.absolute(angle - 4.0),
    ]
    found = [low + spread * ops.clip(part, 0.0, 1.0) for part in parts]
    return ops.concatenate([*found, x[..., 3 * third :]] if x.shape[-1] % 3 else found, axis=-1)
