"""Files that the original SpecVQGAN wrote, and what it computed from them; see tests/data/specvqgan/README.md."""

import atexit
import functools
import json
import shutil
import tarfile
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from specvqgan_recipe import GAIN, fill

FOLDER = Path(__file__).parent / "data" / "specvqgan"
# The arrays of full-size models that share a file.
_ARRAYS = {
    "full_melgan_discriminator": "full_discriminators",
    "full_bninception_rgb": "full_bninception",
    "full_bninception_flow": "full_bninception",
}
RUNS = {
    "codebook": "2026-11-27T04-26-29_vas_codebook",
    "5feats": "2026-11-27T04-49-16_vas_transformer_5feats",
    "class": "2026-11-27T04-51-27_vas_transformer_class",
    "nofeats": "2026-11-27T04-58-17_vas_transformer_nofeats",
}


@functools.cache
def logs():
    """The folder with the run folders, unpacked once for this process."""
    folder = Path(tempfile.mkdtemp(prefix="specvqgan-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with tarfile.open(FOLDER / "logs.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder / "logs"


def run(name):
    """A run folder of the original's: codebook, 5feats, class or nofeats."""
    return logs() / RUNS[name]


@functools.cache
def arrays(name):
    """The arrays of an .npz file, such as "reference/codebook"."""
    with np.load(FOLDER / f"{name}.npz") as file:
        return {key: file[key] for key in file.files}


@functools.cache
def clip(name):
    """Samples of a clip of 22050 Hz, float32: clip_a, short_6s, or long_12s, which is made of both."""
    if name == "long_12s":
        return np.concatenate([clip("short_6s"), clip("clip_a")[:132300]])
    samples, rate = soundfile.read(FOLDER / "mel" / f"{name}.flac", dtype="float32")
    assert rate == 22050
    return samples


@functools.cache
def mel():
    """The spectrogram of clip_a, [80, 860] in 0..1."""
    return np.load(FOLDER / "mel" / "clip_a_mel.npy")


@functools.cache
def full_size(name):
    """Weights of a full-size model by the original's names, such as "full_codebook"; and the arrays of its file."""
    known = arrays(f"full_size/{_ARRAYS.get(name, name)}")
    shapes = json.loads((FOLDER / "full_size" / f"{name}_state_dict.json").read_text(encoding="utf-8"))
    weights = dict(fill(shapes, 91, GAIN[name]))
    names = {name.replace(".", "_"): name for name in weights}
    for key, value in known.items():
        if key.startswith("override_"):
            name = names[key.removeprefix("override_").removesuffix("_factor").replace(".", "_")]
            weights[name] = weights[name] * value if key.endswith("_factor") else value
    return weights, known
