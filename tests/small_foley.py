"""A foley folder of ours with random weights: right for what is the same whatever they are, noise to listen to."""

import json

import numpy as np

from specvqgan import run_folder
from specvqgan.codebook import config as codebook_config
from specvqgan.codebook import weights as codebook_weights
from specvqgan.codebook.config import CodebookConfig
from specvqgan.features import extractors
from specvqgan.transformer import config as transformer_config
from specvqgan.transformer import weights as transformer_weights
from specvqgan.transformer.config import TransformerConfig
from specvqgan.vocoder import config as vocoder_config
from specvqgan.vocoder import weights as vocoder_weights
from specvqgan.vocoder.config import VocoderConfig

COLUMNS, CODES = 12, 16
CODEBOOK = CodebookConfig((4, 4, 4, 4, 4), 1, (4,), 4, CODES, 4, groups=2, frames=16 * COLUMNS)
VOCODER = VocoderConfig(width=2, residuals=1)
# Of a window.
SECONDS = 16 * COLUMNS * 256 / 22050


def write(folder, *, frames=2 * COLUMNS, classes=(), seed=0, codes=CODES, free=False):
    """Write a folder; `frames` 0: the transformer takes no pictures; `free`: no class need be asked for."""
    depth = extractors.find("frames").depth if frames else 0
    sizes = {"frames": frames, "feature_depth": depth, "classes": len(classes) + free}
    sizes |= {} if free else {"class_names": tuple(classes)}
    transformer = TransformerConfig(5, COLUMNS, codes, 1, 2, 16, **sizes)
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    parts = {
        "codebook": (codebook_config, codebook_weights, CODEBOOK),
        "transformer": (transformer_config, transformer_weights, transformer),
        "vocoder": (vocoder_config, vocoder_weights, VOCODER),
    }
    for name, (config, weights, values) in parts.items():
        arrays = weights.initial(values, rng)
        arrays = {key: louder(key) * value for key, value in original(weights, arrays).items()}
        run_folder.write(folder / name, config.to_json(values), arrays)
    settings = {"seconds": SECONDS, "features": "frames", "classes": list(classes), "license": "Apache-2.0"}
    (folder / "foley.json").write_text(json.dumps(settings))
    return folder


def louder(name):
    """By how much weights are more than what training begins with, so that the sound depends on what is seen."""
    if name == "quantize.embedding.weight":
        return CODES
    return 10.0 if name.endswith("weight_g") else 3.0 if "blocks" in name or "emb" in name else 1.0


def original(weights, arrays):
    """The arrays as files have them."""
    return weights.to_original(arrays) if hasattr(weights, "to_original") else arrays


def film(seconds=2.0, fps=12.0, seed=0):
    """Frames uint8 [n, 48, 64, 3] that change now and then."""
    rng = np.random.default_rng(seed)
    colours = rng.integers(0, 256, (1 + int(seconds * 2), 3), np.uint8)
    moments = (np.arange(round(seconds * fps)) / fps * 2).astype(int)
    return np.broadcast_to(colours[moments][:, None, None], (len(moments), 48, 64, 3)).copy()
