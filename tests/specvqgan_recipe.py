"""Weights of the full-size models in full_size/, from a seed. NumPy only.

    shapes = json.load(open('full_size/full_codebook_state_dict.json'))
    weights = dict(fill(shapes, seed=91, gain=GAIN['full_codebook']))

Every tensor has its own generator, seeded by its key, so tensors can be made one at a time and in any order.
"""

import zlib

import numpy as np

# gain of all weights that multiply an input; ReLU networks without a normalisation by their own statistics need sqrt(2)
GAIN = {
    "full_codebook": 1.0,
    "full_transformer_5feats": 1.0,
    "full_melgan": 1.0,
    "full_melgan_discriminator": 1.0,
    "full_discriminators": 1.0,
    "full_lpaps": 2**0.5,
    "full_vggishish": 2**0.5,
    "full_melception": 2**0.5,
    "full_bninception_rgb": 2**0.5,
    "full_bninception_flow": 2**0.5,
    "full_resnet50": 1.0,
}


def tensor(key, shapes, seed, gain=1.0):
    shape = tuple(shapes[key])
    name = key.rsplit(".", 1)[-1]
    rng = np.random.RandomState((zlib.crc32(key.encode()) + seed) % 2**32)
    if name == "num_batches_tracked":
        return np.zeros(shape, np.int64)
    if name == "mask":  # causal mask of the attention: 1 = may be seen
        return np.tril(np.ones(shape[-2:], np.float32)).reshape(shape)
    if name == "running_var":
        return (0.5 + rng.random_sample(shape)).astype(np.float32)
    x = rng.standard_normal(shape)
    if name in ("bias", "running_mean"):
        x = 0.1 * x
    elif name == "pos_emb" or key.endswith("emb.weight") or key.endswith("embedding.weight"):
        pass
    elif name == "weight_g":  # g such that the weight itself has deviation gain/sqrt(fan in)
        v = shapes[key[:-1] + "v"]
        transposed = v[0] == 2 * v[1] and v[2] in (4, 16)  # MelGAN's up-sampling: (in, out, k), stride k/2
        x = gain * (v[2] ** 0.5 / 2 if transposed else 1.0) * (1 + 0.1 * x)
    elif len(shape) == 1:  # scale of a normalisation
        x = 1 + 0.1 * x
    else:  # convolution or matrix, output axis first
        x = gain * x / np.prod(shape[1:]) ** 0.5
    return x.astype(np.float32)


def fill(shapes, seed=91, gain=1.0):
    for key in sorted(shapes):
        yield key, tensor(key, shapes, seed, gain)


def transformer_inputs():
    """Tokens (in permuted order) and features that full_transformer_5feats.npz was made with."""
    tokens = np.random.RandomState(91).randint(0, 1024, 265)
    feature = np.random.RandomState(92).random_sample((1, 2048, 5)).astype(np.float32)
    return tokens, feature
