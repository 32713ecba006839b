"""A judge that nobody here trained: musicnn's network "MTT_vgg", which tags music, and its features for FAD.

Source: Pons and Serra 2019, https://github.com/jordipons/musicnn (ISC licence). Its package is read from the wheel, as
`pip download --no-deps musicnn` brings it, or where it is installed: weights only, none of its code is run. FAD is the
Fréchet distance of its features (Kilgour et al. 2019 use another network, so figures are not theirs).
"""

import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from core.audio import mel
from core.audio.resample import resample
from core.formats import tensor_bundle
from core.nn import engine
from core.nn.ops import Ops, Tensor

FOLDER = "musicnn/MTT_vgg"
SAMPLE_RATE, _SIZE, _HOP, _BANDS, _FRAMES = 16000, 512, 256, 96, 187
_LENGTH = _HOP * (_FRAMES - 1) + 1
_LAYERS, _EPSILON, _MOST = 5, 1e-3, 20 << 20
TAGS = (
    "guitar", "classical", "slow", "techno", "strings", "drums", "electronic", "rock", "fast", "piano", "ambient",
    "beat", "violin", "vocal", "synth", "female", "indian", "opera", "male", "singing", "vocals", "no vocals",
    "harpsichord", "loud", "quiet", "flute", "woman", "male vocal", "no vocal", "pop", "soft", "sitar", "solo",
    "man", "classic", "choir", "voice", "new age", "dance", "male voice", "female vocal", "beats", "harp", "cello",
    "no voice", "weird", "country", "metal", "female voice", "choral",
)  # fmt: skip


class MusicTagger:
    """The network, ready to run.

    Args:
        place: the wheel, or a folder in which musicnn is installed.

    Raises:
        FileNotFoundError: there is no such file or folder.
        ValueError: it does not hold the network.
    """

    def __init__(self, place: Path) -> None:
        weights = _read(place)
        self._run = engine.compile(_network, weights, [(1, _FRAMES, _BANDS, 1)])

    def judge(self, wave: np.ndarray, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
        """Features [256] and probabilities of TAGS [50] of a sound's first three seconds."""
        features, logits = self._run(_spectrogram(wave, sample_rate)[None, :, :, None])
        return features[0], 1 / (1 + np.exp(-logits[0]))


def top_tags(probabilities: np.ndarray, count: int = 5) -> dict[str, float]:
    """The tags that are likeliest on average: {tag: mean probability} from [n, 50]."""
    means = probabilities.mean(axis=0)
    return {TAGS[place]: float(means[place]) for place in np.argsort(-means)[:count]}


def _network(ops: Ops, weights: Mapping[str, np.ndarray], x: Tensor) -> tuple[Tensor, Tensor]:
    x = _normalised(ops, x, weights, "")
    for layer in range(1, _LAYERS + 1):
        kernel, bias = weights[f"{layer}CNN/kernel"], weights[f"{layer}CNN/bias"]
        x = _normalised(ops, ops.relu(ops.conv(x, kernel, 1, "same") + bias), weights, f"_{layer}")
        size, strides = {1: ((4, 1), (2, 2)), _LAYERS: ((4, 4), (4, 4))}.get(layer, ((2, 2), (2, 2)))
        x = ops.max_pool(x, size, strides, "valid")
    features = ops.reshape(x, (-1, x.shape[1] * x.shape[2] * x.shape[3]))
    return features, ops.matmul(features, weights["dense/kernel"]) + weights["dense/bias"]


def _normalised(ops: Ops, x: Tensor, weights: Mapping[str, np.ndarray], number: str) -> Tensor:
    mean, variance, gamma, beta = (
        weights[f"batch_normalization{number}/{part}"] for part in ("moving_mean", "moving_variance", "gamma", "beta")
    )
    scale = gamma / np.sqrt(variance + _EPSILON)
    return x * scale + (beta - mean * scale)


def _spectrogram(wave: np.ndarray, sample_rate: int) -> np.ndarray:
    """Compressed mel spectrogram [frames, bands], as musicnn's own extractor makes it."""
    wave = np.asarray(wave, np.float32)
    if sample_rate != SAMPLE_RATE:
        wave = resample(wave, sample_rate, SAMPLE_RATE)
    wave = np.pad(wave[:_LENGTH], (0, max(0, _LENGTH - len(wave))))
    power = mel.powers(wave, mel.bands(SAMPLE_RATE, _SIZE, _BANDS), _SIZE, _HOP)
    # It goes through half precision there.
    return np.log10(10000 * power.T.astype(np.float16).astype(np.float32) + 1).astype(np.float32)


def _read(place: Path) -> dict[str, np.ndarray]:
    if place.is_dir():
        return _weights(place / FOLDER / "")
    with tempfile.TemporaryDirectory(prefix="hallu-") as scratch:
        folder = Path(scratch)
        try:
            with zipfile.ZipFile(place) as wheel:
                for suffix in (".index", ".data-00000-of-00001"):
                    info = wheel.getinfo(f"{FOLDER}/{suffix}")
                    if info.file_size > _MOST:
                        raise ValueError(f"{info.filename} has {info.file_size} bytes, more than {_MOST}")
                    (folder / suffix).write_bytes(wheel.read(info))
        except (zipfile.BadZipFile, KeyError) as error:
            raise ValueError(f"{place} is not musicnn's wheel: {error}") from None
        return _weights(folder)


def _weights(folder: Path) -> dict[str, np.ndarray]:
    """The network's variables; its files have no name before the suffix."""
    with tempfile.TemporaryDirectory(prefix="hallu-") as scratch:
        for suffix in (".index", ".data-00000-of-00001"):
            (Path(scratch) / f"model{suffix}").write_bytes((folder / suffix).read_bytes())
        reader = tensor_bundle.Reader(Path(scratch) / "model")
        return {name: reader.read(name) for name in reader.names if "/Adam" not in name and "_power" not in name}
