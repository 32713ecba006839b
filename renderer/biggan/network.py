"""BigGAN-deep's generator as pure functions of a dict of arrays, over `core.nn.ops`: for playing and for training.

Source: Brock et al. 2019, appendix B, as pytorch-pretrained-biggan runs it. Names of weights are those of its state
dict; layouts are those of keras.ops: linear layers [in, out], kernels [height, width, in, out], maps [n, height, width,
channels]. How a map is normalised is up to the caller, since training and playing use other moments: `Norm`.

One thing is done differently, with the same result: a doubling followed by a 3x3 convolution is one transposed
convolution; see `core.nn.products`.
"""

from collections.abc import Callable, Iterable, Mapping

from core.nn import products
from core.nn.ops import Ops, Tensor
from renderer.biggan.config import FIRST_CHANNELS, FIRST_LAYER, FIRST_SIZE, Attention, BigGANConfig, Block

Weights = Mapping[str, Tensor]
# Normalises a map with the batch norm of a name, and a condition [n, cond_size]: (name, x, cond) -> tensor.
Norm = Callable[[str, Tensor, Tensor], Tensor]
# Changes, or keeps, what leaves a layer: (name, tensor) -> tensor.
Hook = Callable[[str, Tensor], Tensor]
# What a hook is given last.
FRAMES = "rgb"


def same(name: str, x: Tensor) -> Tensor:
    """The hook that changes nothing."""
    return x


def prepare(ops: Ops, weights: Weights, config: BigGANConfig) -> dict[str, Tensor]:
    """Weights in the form in which `generator` uses them: kernels that see a doubled map become transposed ones."""
    ready = dict(weights)
    for part in config.parts:
        name = f"{part.name}.conv_1.weight"
        if isinstance(part, Block) and part.doubles and name in weights:
            ready[name] = products.upsample_kernel(ops, weights[name])
    return ready


def condition(ops: Ops, weights: Weights, z: Tensor, classes: Tensor) -> Tensor:
    """Condition of every batch norm, [n, cond_size]: z [n, z_size] and the embedding of classes [n, classes]."""
    return ops.concatenate([z, ops.matmul(classes, weights["embeddings.weight"])], axis=-1)


def first_map(ops: Ops, weights: Weights, cond: Tensor, config: BigGANConfig) -> Tensor:
    """The first map, [n, 4, 4, channels]."""
    x = ops.matmul(cond, weights["generator.gen_z.weight"]) + weights["generator.gen_z.bias"]
    return ops.reshape(x, (-1, FIRST_SIZE, FIRST_SIZE, FIRST_CHANNELS * config.channel_width))


def generator(
    ops: Ops,
    weights: Weights,
    cond: Tensor,
    config: BigGANConfig,
    norm: Norm,
    offsets: Mapping[str, Tensor] | None = None,
    size: int | None = None,
    fade: Tensor | None = None,
    hook: Hook = same,
) -> Tensor:
    """Frames [n, size, size, 3] in -1..1.

    Args:
        ops: what computes it.
        weights: from `prepare`.
        cond: [n, cond_size] from `condition`.
        config: gives the shape.
        norm: how to normalise.
        offsets: added to the activations of layers, by name.
        size: of the frames in pixels, while the generator grows; None: full.
        fade: 0..1, how far this size has faded in; None: all the way.
        hook: is given what leaves each layer, by name, and gives what goes on; the frames are "rgb".
    """
    size, moved = size or config.resolution, offsets or {}
    x = hook(FIRST_LAYER, _moved(first_map(ops, weights, cond, config), FIRST_LAYER, moved))
    coarse = None
    for part in config.parts:
        if part.size > size:
            break
        if fade is not None and isinstance(part, Block) and part.doubles and part.size == size:
            coarse = colours(ops, weights, x, cond, size // 2, config, norm)
        name = part.name.removeprefix("generator.")
        x = hook(name, _moved(_part(ops, weights, x, cond, part, norm), name, moved))
    fine = colours(ops, weights, x, cond, size, config, norm)
    return hook(FRAMES, fine if fade is None or coarse is None else fade * fine + (1.0 - fade) * double(ops, coarse))


def activations(ops: Ops, weights: Weights, cond: Tensor, config: BigGANConfig, norm: Norm, layer: str) -> Tensor:
    """Activations of a layer of `config.layer_shapes`, [n, height, width, channels]; no later layer is computed."""
    x = first_map(ops, weights, cond, config)
    for part in config.parts[: list(config.layer_shapes).index(layer)]:
        x = _part(ops, weights, x, cond, part, norm)
    return x


def colours(ops: Ops, weights: Weights, x: Tensor, cond: Tensor, size: int, config: BigGANConfig, norm: Norm) -> Tensor:
    """The colours of a map; sizes below the full one have heads of their own, which only training has."""
    full = size == config.resolution
    name, conv = ("generator.bn", "generator.conv_to_rgb") if full else (f"heads.{size}.bn", f"heads.{size}.conv")
    return ops.tanh(convolve(ops, weights, ops.relu(norm(name, x, cond)), conv))


def _moved(x: Tensor, layer: str, offsets: Mapping[str, Tensor]) -> Tensor:
    return x + offsets[layer] if layer in offsets else x


def _part(ops: Ops, weights: Weights, x: Tensor, cond: Tensor, part: Block | Attention, norm: Norm) -> Tensor:
    if isinstance(part, Attention):
        return attention(ops, weights, x, part.name)
    return block(ops, weights, x, cond, part, norm)


def block(ops: Ops, weights: Weights, x: Tensor, cond: Tensor, part: Block, norm: Norm) -> Tensor:
    """One residual block: [n, h, w, before] -> [n, h', w', after]."""
    y = x
    for number in range(4):
        name = f"{part.name}.conv_{number}"
        y = ops.relu(norm(f"{part.name}.bn_{number}", y, cond))
        if number == 1 and part.doubles:
            y = products.upsample_conv(ops, y, weights[f"{name}.weight"]) + weights[f"{name}.bias"]
        else:
            y = convolve(ops, weights, y, name)
    short = x[..., : part.after] if part.before != part.after else x
    return y + (double(ops, short) if part.doubles else short)


def attention(ops: Ops, weights: Weights, x: Tensor, name: str) -> Tensor:
    """Self-attention (Zhang et al. 2019) over a map [n, h, w, c]: every pixel looks at a map of half the size."""
    theta, phi, g = (
        ops.conv(x, weights[f"{name}.snconv1x1_{which}.weight"], 1, "same") for which in ("theta", "phi", "g")
    )
    theta, phi, g = _flat(ops, theta), *(_flat(ops, ops.max_pool(y, 2, 2, "valid")) for y in (phi, g))
    shares = ops.softmax(ops.matmul(theta, ops.transpose(phi, (0, 2, 1))), axis=-1)
    found = ops.reshape(ops.matmul(shares, g), (-1, x.shape[1], x.shape[2], g.shape[-1]))
    return x + ops.conv(found, weights[f"{name}.snconv1x1_o_conv.weight"], 1, "same") * weights[f"{name}.gamma"]


def convolve(ops: Ops, weights: Weights, x: Tensor, name: str) -> Tensor:
    """A convolution with bias that keeps the size, in the kernel's precision."""
    return products.convolve(ops, x, weights[f"{name}.weight"]) + weights[f"{name}.bias"]


def double(ops: Ops, x: Tensor) -> Tensor:
    """Each pixel of a map [n, h, w, c] four times."""
    return ops.repeat(ops.repeat(x, 2, axis=1), 2, axis=2)


def _flat(ops: Ops, x: Tensor) -> Tensor:
    """A map [n, h, w, c] as rows [n, h * w, c]."""
    return ops.reshape(x, (-1, x.shape[1] * x.shape[2], x.shape[3]))


def standing_norm(
    ops: Ops, weights: Weights, cond: Tensor, means: Tensor, deviations: Tensor, names: Iterable[tuple[str, int]]
) -> Norm:
    """Batch norm by standing statistics, as a generator plays.

    Args:
        ops: what computes it.
        weights: "conditions/kernel" and "conditions/bias" make the scales of all norms, then their offsets; see
            `prepare.all_conditions`.
        cond: [n, cond_size].
        means: [n, values] of all norms, one after the other.
        deviations: the same.
        names: of the norms, and their channels, in that order.
    """
    found = ops.matmul(cond, weights["conditions/kernel"]) + weights["conditions/bias"]
    values = means.shape[-1]
    gains = found[:, :values] / deviations
    shifts = found[:, values:] - means * gains
    spans, done = {}, 0
    for name, channels in names:
        spans[name] = slice(done, done + channels)
        done += channels

    def norm(name: str, x: Tensor, cond: Tensor) -> Tensor:
        return x * gains[:, None, None, spans[name]] + shifts[:, None, None, spans[name]]

    return norm
