"""StyleGAN2's files by the originals: what is read computes what they computed, and nothing in them is run."""

import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch_files

from core.formats import object_pickle, torch_file
from core.nn import engine, numpy_ops
from renderer import stylegan2
from renderer.stylegan2 import network, weights
from renderer.stylegan2.config import StyleGan2Config
from renderer.stylegan2.formats import model_files, nvidia_pickle, own_format

DATA = Path(__file__).parent / "data" / "stylegan2"
# The folder's README: pictures of range +-4 agree to this.
CLOSE = 2e-5
NVIDIA, ADA = DATA / "nvidia_skip64.pkl", DATA / "ada_uncond64.pkl"
ROSINALITY, AIART = DATA / "rosinality_from_nvidia64.pt", DATA / "aiart64_ckpt"


class Played:
    """A generator on OpenVINO, and what the original computed."""

    def __init__(self, path, reference):
        self.config, self.arrays = model_files.read(path)
        self.known = np.load(DATA / reference)
        self.ready = network.prepare(numpy_ops, self.arrays, self.config)

    def noises(self, kind="const"):
        if kind == "none":
            return []
        return [self.arrays[f"{layer.name}.noise_const"][None, :, :, None] for layer in self.config.noisy]

    def w(self):
        def run(ops, weights, z):
            return network.mapping(ops, weights, z, None, self.config)

        z = self.known["z"]
        return engine.compile(run, self.ready, [z.shape])(z)

    def ws(self, psi=1.0, cutoff=None):
        found = np.repeat(self.w()[:, None], self.config.num_ws, axis=1)
        average = self.arrays["mapping.w_avg"]
        found[:, :cutoff] = average + psi * (found[:, :cutoff] - average)
        return found

    def frames(self, ws, noises=None, taps=None):
        noises = self.noises() if noises is None else noises

        def hook(name, x):
            if taps is not None:
                taps[name] = x
            return x

        def run(ops, weights, w):
            found = network.synthesis(ops, weights, w, noises, self.config, hook)
            return found if taps is None else (found, *taps.values())

        found = engine.compile(run, self.ready, [ws.shape])(np.ascontiguousarray(ws, np.float32))
        if taps is None:
            return found
        taps.update(zip(taps, found[1:], strict=True))
        return found[0]


@pytest.fixture(scope="module")
def nvidia():
    return Played(NVIDIA, "nvidia_skip64.npz")


@pytest.fixture(scope="module")
def ada():
    return Played(ADA, "ada_uncond64.npz")


@pytest.fixture(scope="module")
def rosinality():
    return Played(ROSINALITY, "rosinality_from_nvidia64.npz")


@pytest.fixture(scope="module")
def aiart():
    return Played(AIART, "aiart64_net.npz")


def off(found, known):
    """The largest difference from the original's [n, channels, height, width]."""
    return np.abs(found - known.transpose(0, 2, 3, 1)).max()


def test_nvidias_w_is_mapped(nvidia):
    assert np.abs(nvidia.w() - nvidia.known["w"]).max() < CLOSE


def test_nvidias_average_is_that_of_gs(nvidia):
    np.testing.assert_array_equal(nvidia.arrays["mapping.w_avg"], nvidia.known["dlatent_avg"])


@pytest.mark.parametrize(("psi", "cutoff", "name"), [(1.0, None, "psi1"), (0.5, None, "psi05"), (0.3, 4, "psi03_cut4")])
def test_nvidias_pictures_at_each_truncation(nvidia, psi, cutoff, name):
    assert off(nvidia.frames(nvidia.ws(psi, cutoff)), nvidia.known[f"images_{name}"]) < CLOSE


def test_nvidias_pictures_of_mixed_styles(nvidia):
    assert off(nvidia.frames(nvidia.known["mix_ws"]), nvidia.known["mix_images"]) < CLOSE


def test_nvidias_layers_on_the_way(nvidia):
    taps = {}
    nvidia.frames(nvidia.ws()[:1], taps=taps)
    names = {"Conv0_up": "conv0", "Conv1": "conv1", "Conv": "conv1", "ToRGB": "torgb"}
    known = [name for name in nvidia.known.files if name.startswith("tap/")]
    assert known
    for name in known:
        _, size, layer = name.split("/")
        own = taps[f"b{size.partition('x')[0]}.{names[layer]}"]
        assert off(own, nvidia.known[name][None]) < CLOSE, name


def as_b_to_d(value):
    """The three networks as configurations b to d have them: no colours on the way, and a head for each size."""
    synthesis = value[2].state["components"]["synthesis"].state
    synthesis["build_func_name"] = "G_synthesis_stylegan_revised"
    heads = {f"{2**size}x{2**size}/ToRGB": f"ToRGB_lod{6 - size}" for size in range(2, 7)}
    names = [(name.rpartition("/"), array) for name, array in synthesis["variables"]]
    synthesis["variables"] = [
        (f"{heads.get(place, place)}/{part}".lstrip("/"), array) for (place, _, part), array in names
    ]
    return value


def test_of_nvidias_configurations_b_to_d_only_the_last_head_paints():
    config, arrays = nvidia_pickle.read(as_b_to_d(object_pickle.loads(NVIDIA.read_bytes())))
    plain, known = nvidia_pickle.read(object_pickle.loads(NVIDIA.read_bytes()))
    assert (config.architecture, plain.architecture) == ("orig", "skip")
    assert [layer.name for layer in config.layers if layer.colors] == ["b64.torgb"]
    np.testing.assert_array_equal(arrays["b64.torgb.weight"], known["b64.torgb.weight"])
    assert weights.complete(arrays, config).keys() == weights.expected(config).keys()


def test_nvidias_labels_stand_beside_z_before_both_are_normalised():
    value, rng = object_pickle.loads(NVIDIA.read_bytes()), np.random.default_rng(0)
    mapping = value[2].state["components"]["mapping"].state
    label, first = rng.standard_normal((5, 64)), rng.standard_normal((128, 64))
    own = dict(mapping["variables"])
    changed = {**own, "Dense0/weight": first.astype(np.float32), "LabelConcat/weight": label.astype(np.float32)}
    mapping["variables"] = list(changed.items())
    config, arrays = nvidia_pickle.read(value)
    assert (config.num_classes, config.z_size, config.labels) == (5, 64, "concat")
    z, classes = rng.standard_normal((1, 64)), np.eye(5)[[3]]
    x = np.concatenate([z, classes @ label], axis=1)
    x = x / np.sqrt(np.mean(x**2) + 1e-8)
    for number in range(8):
        weight = first if not number else own[f"Dense{number}/weight"]
        bias = np.asarray(own[f"Dense{number}/bias"])
        x = x @ weight * 0.01 / np.sqrt(len(weight)) + 0.01 * bias
        x = np.where(x > 0, x, 0.2 * x) * np.sqrt(2)
    ready = network.prepare(numpy_ops, arrays, config)
    found = network.mapping(numpy_ops, ready, z.astype(np.float32), classes.astype(np.float32), config)
    np.testing.assert_allclose(found, x, atol=CLOSE)


@pytest.mark.parametrize(
    ("key", "value"), [("resample_kernel", [1, 2, 1]), ("nonlinearity", "relu"), ("architecture", "unet")]
)
def test_a_setting_of_nvidias_that_cannot_be_computed_is_named(key, value):
    networks = object_pickle.loads(NVIDIA.read_bytes())
    networks[2].state["components"]["synthesis"].state["static_kwargs"][key] = value
    with pytest.raises(ValueError, match=f"{key} must be one of"):
        nvidia_pickle.read(networks)


def test_adas_w_is_mapped_and_truncated(ada):
    assert np.abs(ada.w() - ada.known["w"]).max() < CLOSE
    assert np.abs(ada.ws(0.3, 4)[:, [0, 3, 4, -1]] - ada.known["w_psi03_cut4"]).max() < CLOSE


@pytest.mark.parametrize(
    ("psi", "noise", "name"), [(1.0, "const", "images_const_psi1"), (0.7, "none", "images_none_psi07")]
)
def test_adas_pictures_with_and_without_noise(ada, psi, noise, name):
    assert off(ada.frames(ada.ws(psi), ada.noises(noise)), ada.known[name]) < CLOSE


def test_adas_pictures_of_mixed_styles(ada):
    assert off(ada.frames(ada.known["mix_ws"]), ada.known["mix_images_const"]) < CLOSE


def test_adas_layers_on_the_way(ada):
    taps = {}
    ada.frames(ada.ws()[:1], taps=taps)
    known = [name for name in ada.known.files if name.startswith("tap/")]
    assert known
    for name in known:
        assert off(taps[name.removeprefix("tap/")], ada.known[name][None]) < CLOSE, name


@pytest.mark.parametrize(
    ("name", "architecture", "classes"),
    [("labels_resnet", "resid", 3), ("orig", "orig", 0), ("grey", "skip", 0), ("quiet", "skip", 0)],
)
def test_adas_other_settings(name, architecture, classes):
    model, known = stylegan2.load(DATA / f"ada_{name}.pkl"), np.load(DATA / f"ada_{name}.npz")
    assert (model.config.architecture, model.num_classes) == (architecture, classes)
    w = model.mapping(known["z"], known["c"], 0.7, cutoff=3)
    assert off(model.synthesis(w), known["images"]) < CLOSE


@pytest.mark.parametrize(("psi", "name"), [(1.0, "psi1"), (0.5, "psi05")])
def test_rosinalitys_pictures(rosinality, psi, name):
    assert off(rosinality.frames(rosinality.ws(psi)), rosinality.known[f"images_{name}"]) < CLOSE


def test_rosinalitys_pictures_without_noise(rosinality):
    found = rosinality.frames(rosinality.ws()[:2], [])
    assert off(found, rosinality.known["images_psi1_noise_zero"]) < CLOSE


def test_rosinalitys_styles_of_two_pictures_mixed(rosinality):
    ws = rosinality.ws()
    mixed = np.concatenate([ws[:1, :4], ws[1:2, 4:]], axis=1)
    assert off(rosinality.frames(mixed), rosinality.known["images_mix_inject4"]) < CLOSE


def test_aiarts_w_is_mapped(aiart):
    assert np.abs(aiart.w() - aiart.known["w"]).max() < CLOSE


def aiart_noises(aiart):
    """The noise that the original was given: the first map for the first layer of a size."""
    first = [layer.size == 4 or layer.name.endswith("conv0") for layer in aiart.config.noisy]
    maps = [aiart.known[f"noise/{layer.size}"] for layer in aiart.config.noisy]
    return [each[0 if one else 1][None, :, :, None] for each, one in zip(maps, first, strict=True)]


def test_aiarts_pictures_with_its_noise(aiart):
    found = aiart.frames(aiart.known["ws"], aiart_noises(aiart))
    for frame, known in zip(found, (aiart.known["image/0"], aiart.known["image/1"]), strict=True):
        assert np.abs(frame - known).max() < CLOSE


def test_aiarts_layers_on_the_way(aiart):
    taps = {}
    aiart.frames(aiart.known["ws"][:1], aiart_noises(aiart), taps)
    names = {
        "b4.conv1": "tap/block0_x",
        "b4.torgb": "tap/block0_rgb",
        "b8.conv0": "tap/block1_x1",
        "b8.conv1": "tap/block1_x2",
        "b16.conv0": "tap/block2_x1",
        "b16.conv1": "tap/block2_x2",
        "b8.torgb": "rgb/generator__block",
        "b64.torgb": "rgb/generator__block_3",
    }
    for own, known in names.items():
        assert np.abs(taps[own][0] - aiart.known[known]).max() < CLOSE, own


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_a_model_in_our_format_comes_back(tmp_path, ada, dtype):
    own_format.write(tmp_path / "m", ada.config, ada.arrays, dtype=dtype)
    config, arrays = model_files.read(tmp_path / "m")
    assert config == ada.config
    assert arrays.keys() == ada.arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_allclose(array, ada.arrays[name], rtol=0 if dtype == "float32" else 1e-3, atol=1e-6)


def test_a_weight_too_large_for_float16_is_named(tmp_path):
    config = StyleGan2Config((8, 8), 8, 8, mapping_size=8, mapping_layers=1)
    arrays = weights.initial(config, np.random.default_rng(0))
    arrays["b8.conv1.weight"][0, 0, 0, 0] = 1e6
    with pytest.raises(ValueError, match=r"b8\.conv1\.weight contains a value too large for float16"):
        own_format.write(tmp_path / "m", config, arrays)


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("channels", [8, -1], "channels must be in 1..4096, not -1"),
        ("architecture", "unet", "architecture must be one of skip, resid, orig"),
        ("z_size", 10**9, "z_size must be in 1..8192"),
        ("version", 2, "version must be 1, not 2"),
    ],
)
def test_settings_out_of_range_are_named(tmp_path, key, value, rule):
    config = StyleGan2Config((8, 8), 8, 8, mapping_size=8, mapping_layers=1)
    own_format.write(tmp_path / "m", config, weights.initial(config, np.random.default_rng(0)))
    path = tmp_path / "m" / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    with pytest.raises(ValueError, match=rule):
        model_files.read_config(tmp_path / "m")


@pytest.mark.parametrize("architecture", ["skip", "resid", "orig"])
def test_each_architecture_has_all_its_weights(architecture):
    config = StyleGan2Config((8, 8, 4), 8, 8, mapping_size=8, mapping_layers=2, architecture=architecture)
    ready = network.prepare(numpy_ops, weights.initial(config, np.random.default_rng(0)), config)
    w = np.zeros((2, config.num_ws, 8), np.float32)
    assert network.synthesis(numpy_ops, ready, w, [], config).shape == (2, 16, 16, 3)


@pytest.mark.parametrize("source", [NVIDIA, ADA, ROSINALITY])
def test_damaged_files_are_refused_with_their_name(tmp_path, source):
    whole = source.read_bytes()
    rng = np.random.default_rng(1)
    path = tmp_path / source.name
    for _ in range(12):
        data = bytearray(whole[: rng.integers(2**12, len(whole))] if rng.random() < 0.5 else whole)
        for place in rng.integers(0, 2**14, 40):
            data[place % len(data)] = rng.integers(256)
        path.write_bytes(data)
        try:
            model_files.read(path)
        except (ValueError, FileNotFoundError) as error:
            assert str(path) in str(error)


def test_a_download_that_was_cut_off_is_called_so(tmp_path):
    path = tmp_path / ROSINALITY.name
    path.write_bytes(ROSINALITY.read_bytes()[:100_000])
    with pytest.raises(ValueError, match="cut off"):
        model_files.read(path)


class Evil:
    def __reduce__(self):
        return (exec, ("raise SystemExit('executed')",))


@pytest.mark.parametrize("value", [(Evil(), Evil(), Evil()), {"G_ema": Evil(), "dnnlib": 1}])
def test_calls_in_a_pickle_are_recorded_and_not_made(tmp_path, value):
    path = tmp_path / "evil.pkl"
    path.write_bytes(pickle.dumps(("dnnlib", value)))
    assert "builtins.exec" in repr(object_pickle.loads(pickle.dumps(value)))
    with pytest.raises(ValueError, match=r"evil\.pkl cannot be read as a StyleGAN2"):
        model_files.read(path)


@pytest.mark.parametrize("write", [torch_files.write_zip, torch_files.write_legacy])
def test_other_things_in_a_checkpoint_of_torch_do_not_matter(tmp_path, write):
    arrays = {"style.1.weight": np.eye(3, dtype=np.float32)}
    state, storages = torch_files.state_dict(arrays)
    settings = torch_files.Call(torch_files.Global("os", "system"), "touch executed")
    write(tmp_path / "c.pt", {"g_ema": state, "args": settings, "step": 3}, storages)
    found = torch_file.read_checkpoint(tmp_path / "c.pt", ("g_ema", "latent_avg"))
    assert list(found) == ["g_ema"]
    np.testing.assert_array_equal(found["g_ema"]["style.1.weight"], np.eye(3))
    assert not Path("executed").exists()


def test_another_pickle_is_not_taken_for_a_model(tmp_path):
    (tmp_path / "a.pkl").write_bytes(pickle.dumps({"comp": 1}))
    assert not model_files.is_model(tmp_path)


def test_of_a_runs_snapshots_the_latest_is_read(tmp_path):
    for number, name in ((200, "ada_orig"), (1000, "ada_quiet"), (90, "ada_grey")):
        shutil.copy(DATA / f"{name}.pkl", tmp_path / f"network-snapshot-{number:d}.pkl")
    assert model_files.locate(tmp_path).name == "network-snapshot-1000.pkl"


@pytest.mark.parametrize("source", [NVIDIA, ADA, ROSINALITY])
def test_a_folder_with_one_of_the_files_is_a_model(tmp_path, source):
    shutil.copy(source, tmp_path)
    assert model_files.is_model(tmp_path)
    assert model_files.read_config(tmp_path).resolution == 64
