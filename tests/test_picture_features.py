"""Features of frames against what the original computed, and files of features."""

import pickle

import numpy as np
import pytest
from specvqgan_files import FOLDER, arrays, full_size, run
from torch_files import state_dict, write_legacy, write_zip

from core import pictures
from core.nn import engine
from specvqgan import run_folder
from specvqgan.features import bn_inception, clips, feature_files, picture_inputs, resnet, run_features
from specvqgan.foley import many

# The rows and columns of a corner.
ENDS = [0, 1, 2, 3, -4, -3, -2, -1]


@pytest.fixture(scope="module")
def frame():
    return np.asarray(pictures.read(FOLDER / "full_size" / "frame.png"))


def channels_first(x):
    return x.transpose(2, 0, 1)


def test_a_frame_is_scaled_and_cropped_as_torchvision_does_it(frame):
    known = arrays("full_size/full_resnet50")
    assert (picture_inputs.cropped(frame) == known["resized_cropped"]).all()
    x = channels_first(picture_inputs.for_resnet(frame))
    assert np.abs(x[:, ::4, ::4] - known["input_tensor"]).max() < 1e-6


def test_resnet_gives_the_originals_features_of_a_frame(frame):
    weights, known = full_size("full_resnet50")
    ready = resnet.prepare(weights)
    network = engine.compile(
        lambda ops, w, x: (resnet.first_layer(ops, w, x), resnet.features(ops, w, x)), ready, [(1, 224, 224, 3)]
    )
    layer, features = network(picture_inputs.for_resnet(frame)[None])
    assert np.abs(channels_first(layer[0])[:3][:, ENDS][:, :, ENDS] - known["layer1_corner"]).max() < 1e-4
    assert np.abs(features[0] - known["features"]).max() < 1e-4


def test_bn_inception_gives_the_originals_features_of_colours(frame):
    weights, known = full_size("full_bninception_rgb")
    x = picture_inputs.for_bn_inception(frame)
    assert (channels_first(x)[:, ::4, ::4] == known["rgb_input_every_4th"]).all()
    network = engine.compile(bn_inception.features, bn_inception.prepare(weights), [(1, 224, 224, 3)])
    assert np.abs(network(x[None])[0] - known["rgb_features"]).max() < 5e-3


def test_bn_inception_gives_the_originals_features_of_motion(frame):
    weights, known = full_size("full_bninception_flow")
    x = picture_inputs.for_bn_inception_flow(frame[..., 0], frame[..., 2])
    assert (channels_first(x)[:, ::4, ::4] == known["flow_input_every_4th"]).all()
    network = engine.compile(bn_inception.features, bn_inception.prepare(weights, flow=True), [(1, 224, 224, 2)])
    assert np.abs(network(x[None])[0] - known["flow_features"]).max() < 5e-3


def test_a_network_for_colours_becomes_one_for_motion_as_temporal_segment_networks_do_it():
    weights, _ = full_size("full_bninception_rgb")
    old = {f"module.base_model.{name}": value for name, value in weights.items()}
    ready, plain = bn_inception.prepare(old, flow=True), bn_inception.prepare(weights)
    assert np.allclose(ready["conv1_7x7_s2"][:, :, 1], plain["conv1_7x7_s2"].mean(axis=2), atol=1e-6)


@pytest.mark.parametrize(("read", "name"), [(resnet.read, "ResNet-50"), (bn_inception.read, "BN-Inception")])
def test_a_file_of_other_weights_is_named(tmp_path, read, name):
    write_zip(tmp_path / "a.pth", *state_dict({"conv1.weight": np.zeros((2, 3), np.float32)}))
    with pytest.raises(ValueError, match=rf"a\.pth must hold .*{name}"):
        read(tmp_path / "a.pth")


@pytest.mark.parametrize("write", [write_zip, write_legacy])
def test_torchvisions_file_is_read_in_both_formats_of_torch(tmp_path, write, monkeypatch):
    monkeypatch.setattr(resnet, "_BLOCKS", (1,))
    weights, rng = {}, np.random.default_rng(0)
    for each in resnet.convolutions():
        weights[f"{each.name}.weight"] = rng.standard_normal((each.outputs, each.inputs, *each.size), np.float32)
        for part in ("weight", "bias", "running_mean", "running_var"):
            weights[f"{each.norm}.{part}"] = rng.uniform(0.5, 1, each.outputs).astype(np.float32)
    weights["fc.weight"] = np.zeros((4, 256), np.float32)
    write(tmp_path / "a.pth", *state_dict(weights))
    found, expected = resnet.read(tmp_path / "a.pth"), resnet.prepare(weights)
    assert found.keys() == expected.keys()
    assert all((found[name] == expected[name]).all() for name in found)


def test_a_strip_that_would_be_scaled_to_a_huge_picture_is_refused():
    with pytest.raises(ValueError, match="at most 64 times as long as wide"):
        picture_inputs.cropped(np.zeros((1, 65, 3), np.uint8))


@pytest.mark.parametrize("count", [50, 107, 215, 300])
def test_short_clips_are_repeated_and_long_ones_cut(count):
    known, rows = arrays("full_size/full_resnet50"), np.arange(count)[:, None]
    whole = clips.crop_or_repeat(rows, 215)
    assert (whole[:, 0] == known[f"rows_of_{count}_frames_tiled"]).all()
    assert (clips.condition(rows)[:, 0] == known[f"rows_of_{count}_frames_cropped"]).all()


@pytest.mark.parametrize("count", [1, 2, 5, 10, 53, 106, 212])
def test_frames_are_resampled_as_the_original_does_it(count):
    for rows in (212, 215):
        found = clips.resampled(np.arange(rows), count)
        assert (found == arrays("full_size/full_resnet50")[f"resample_{rows}_to_{count}"]).all()


def test_resampled_frames_can_be_repeated():
    found = clips.resampled(np.arange(212), 5, 3)
    assert (found == arrays("full_size/full_resnet50")["resample_212_to_5_repeat_3"]).all()


@pytest.fixture(scope="module")
def both():
    """The features of a clip of 20 frames that the original wrote, colours and motion."""
    rgb, flow = (feature_files.read(FOLDER / "features" / f"{name}_video_00002.pkl") for name in ("rgb", "flow"))
    assert rgb.shape == flow.shape == (20, 1024)
    return clips.side_by_side(rgb, flow)


@pytest.mark.parametrize(("name", "count"), [("all", None), ("53", 53), ("5", 5)])
def test_the_originals_zeros_can_be_had_by_wish(both, name, count):
    known = arrays("features/reference")
    found = clips.condition(both, count, fill="zeros")
    assert list(found.shape) == known[f"feature_{name}_shape"].tolist()
    assert np.flatnonzero(found.any(axis=1)).tolist() == known[f"feature_{name}_rows_not_zero"].tolist()
    rows = known[f"feature_{name}_rows"]
    assert (found[: len(rows), ::32] == rows.astype(np.float32)).all()


@pytest.mark.parametrize("count", [None, 53, 5])
def test_a_short_clip_never_gives_rows_of_zeros(both, count):
    assert clips.condition(both, count).any(axis=1).all()


def test_zeros_are_said(both, caplog):
    clips.condition(both, 5, fill="zeros")
    assert "a clip of 20 frames is filled up with 195 rows of zeros" in caplog.text


def test_one_motion_less_than_frames_is_no_fault_but_other_clips_are(both):
    assert clips.side_by_side(both, both[:-1]).shape == (19, 4096)
    with pytest.raises(ValueError, match="must have the same frames, not 20 and 10"):
        clips.side_by_side(both, both[:10])


def test_a_clip_without_frames_is_refused():
    with pytest.raises(ValueError, match="at least one frame"):
        clips.condition(np.zeros((0, 4)))


def test_feature_files_come_back_and_numpy_can_read_them(both, tmp_path):
    feature_files.write(tmp_path / "a.pkl", both)
    assert (feature_files.read(tmp_path / "a.pkl") == both).all()
    with (tmp_path / "a.pkl").open("rb") as file:
        assert (pickle.load(file) == both).all()


class Harmful:
    def __reduce__(self):
        return print, ("executed",)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (Harmful(), "builtins.print"),
        (np.zeros(3), r"it holds float64 \[3\], not features of frames"),
        (np.full((2, 2), np.nan), "not finite"),
        (["a"], "not features of frames"),
    ],
)
def test_a_feature_file_that_holds_something_else_is_refused_and_not_executed(value, reason, tmp_path, capsys):
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(value))
    with pytest.raises(ValueError, match=rf"a\.pkl cannot be read: .*{reason}"):
        feature_files.read(tmp_path / "a.pkl")
    assert "executed" not in capsys.readouterr().out


@pytest.mark.parametrize(("name", "count", "random"), [("5feats", 5, False), ("nofeats", 1, True), ("class", 1, False)])
def test_a_run_says_which_features_it_takes(name, count, random):
    found = run_features.from_run(run_folder.read_config(run(name)))
    assert found.kinds == ("bninception_rgb", "bninception_flow") and found.fps == 21.5
    assert (found.count, found.depth, found.random) == (count, 2048, random)


def test_a_run_with_features_of_resnet_and_all_frames():
    folder = "./data/vggsound/feature_resnet50_dim2048_21.5fps"
    params = {"rgb_feats_dir_path": folder, "flow_feats_dir_path": None, "feat_depth": 2048, "feat_len": 215}
    found = run_features.from_run({"data": {"params": params}})
    assert (found.kinds, found.count) == (("resnet50",), 212)
    assert found.condition(np.ones((30, 2048))).shape == (212, 2048)


def test_the_condition_of_a_run_is_the_rows_that_the_original_takes(both):
    found = run_features.from_run(run_folder.read_config(run("5feats")))
    whole = np.resize(np.arange(20), 215)[1:213][[35, 77, 119, 162, 204]]
    assert (found.condition(both[:, :1024], both[:, 1024:]) == both[whole]).all()
    with pytest.raises(ValueError, match=r"features must have shape \[frames, 2048\], not \[20, 1024\]"):
        found.condition(both[:, :1024])


def test_the_condition_without_features_follows_from_its_seed():
    found = run_features.from_run(run_folder.read_config(run("nofeats")))
    one, same = (found.random_condition(np.random.default_rng(4)) for _ in range(2))
    assert one.shape == (1, 2048) and (one == same).all() and one.min() >= 0 and one.max() < 1


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        (None, "the run's settings have no data"),
        ({"feat_depth": 2048, "rgb_feats_dir_path": "feature_x_dim3"}, "known are resnet50"),
        ({"feat_depth": 2048, "feat_len": 10**12}, "length must be in 1..100000"),
        ({"feat_depth": 2048, "feat_sampler_cfg": {"params": {"feat_sample_size": 300}}}, "count must be in 1..212"),
        ({"feat_depth": "many"}, "feat_depth must be a whole number"),
    ],
)
def test_settings_of_features_that_cannot_be_are_refused(params, reason):
    with pytest.raises(ValueError, match=reason):
        run_features.from_run({} if params is None else {"data": {"params": params}})


def test_the_other_kind_of_a_clips_features_is_found_beside_the_first(both, tmp_path):
    found = run_features.from_run(run_folder.read_config(run("5feats")))
    for folder, part in zip(found.folders, (both[:, :1024], both[:, 1024:]), strict=True):
        feature_files.write(tmp_path / "dog" / folder / "a.pkl", part)
    expected = found.condition(both)
    for folder in found.folders:
        assert (found.read(tmp_path / "dog" / folder / "a.pkl") == expected).all()
    (clip,) = many.find(tmp_path)
    assert (clip.name, clip.target) == ("a", 0)
    feature_files.write(tmp_path / "whole.pkl", both)
    assert (found.read(tmp_path / "whole.pkl") == expected).all()
    (tmp_path / "dog" / found.folders[1] / "a.pkl").unlink()
    with pytest.raises(FileNotFoundError, match="feature_flow_bninception"):
        found.read(tmp_path / "dog" / found.folders[0] / "a.pkl")
