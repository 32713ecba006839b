"""`specvqgan_features`: from films and pictures to the original's folders of features, on a small network."""

import argparse
import json
import sys

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter
from specvqgan_files import full_size
from test_image_distances import efficientnet_arrays
from test_video_decoding import film
from torch_files import state_dict, write_zip

from core.nn import efficientnet
from scripts import specvqgan_features
from specvqgan.features import clip_files, extraction, feature_files, optical_flow, resnet
from specvqgan.features.extraction import ExtractionSettings
from specvqgan.features.frame_networks import FrameNetwork


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """A file of weights of a ResNet of one block."""
    monkeypatch.setattr(resnet, "_BLOCKS", (1,))
    rng, found = np.random.default_rng(0), {}
    for each in resnet.convolutions():
        found[f"{each.name}.weight"] = rng.standard_normal((each.outputs, each.inputs, *each.size), np.float32) / 9
        for part in ("weight", "bias", "running_mean", "running_var"):
            found[f"{each.norm}.{part}"] = rng.uniform(0.5, 1, each.outputs).astype(np.float32)
    write_zip(tmp_path / "small.pth", *state_dict(found))
    return tmp_path / "small.pth"


@pytest.fixture
def films(tmp_path):
    """Two films of two classes, of one and of two seconds."""
    for name, frames in (("cat/a", 10), ("dog/b", 20)):
        (tmp_path / "films" / name).parent.mkdir(parents=True)
        film(tmp_path / "films" / f"{name}.mp4", range(0, 10 * frames, 10))
    return tmp_path / "films"


def run(films, out, weights, *words):
    return specvqgan_features.main([str(films), "--out", str(out), "--weights", str(weights), *words])


def test_each_film_gets_its_file_where_the_original_looks_for_it(films, weights, tmp_path, capsys):
    assert run(films, tmp_path / "out", weights) == 0
    assert "features of 2 clips, 2 of them new, 0 left out" in capsys.readouterr().out
    name = "feature_resnet50_dim2048_21.5fps"
    found = [feature_files.read(tmp_path / "out" / place) for place in (f"cat/{name}/a.pkl", f"dog/{name}/b.pkl")]
    # 21.5 frames in a second, the last one rounded as FFmpeg does it.
    assert [len(each) for each in found] == [22, 43]


def test_features_are_those_of_the_frames_that_are_shown(films, weights, tmp_path):
    assert run(films / "cat" / "a.mp4", tmp_path / "out", weights, "--fps", "5") == 0
    found = feature_files.read(tmp_path / "out" / "feature_resnet50_dim2048_5fps" / "a.pkl")
    frames = list(clip_files.frames(films / "cat" / "a.mp4", "resnet50", 5))
    assert np.allclose(found, FrameNetwork("resnet50", weights).features(frames), atol=1e-5)


def test_no_more_of_a_film_is_measured_than_asked(films, weights, tmp_path):
    assert run(films / "dog", tmp_path / "out", weights, "--fps", "10", "--seconds", "0.5") == 0
    assert len(feature_files.read(next((tmp_path / "out").rglob("*.pkl")))) == 5


def test_a_run_goes_on_where_it_was_and_never_with_other_settings(films, weights, tmp_path, capsys):
    out = tmp_path / "out"
    assert run(films, out, weights) == 0
    kept = {path: path.stat().st_mtime_ns for path in out.rglob("*.pkl")}
    lost = sorted(kept)[0]
    lost.unlink()
    assert run(films, out, weights) == 0
    assert "features of 2 clips, 1 of them new" in capsys.readouterr().out
    assert [path for path in kept if path.stat().st_mtime_ns != kept[path]] == [lost]
    assert run(films, out, weights, "--seconds", "1") == 1
    assert "features there have seconds 10.0, not 1.0; name another folder" in capsys.readouterr().err


def test_shares_of_several_machines_are_all_clips_once(films, weights, tmp_path):
    for count, share in enumerate(("1/2", "2/2"), 1):
        assert run(films, tmp_path / "out", weights, "--shard", share) == 0
        assert len(list((tmp_path / "out").rglob("*.pkl"))) == count
    with pytest.raises(argparse.ArgumentTypeError, match="a share such as 2/8, not '3/2'"):
        specvqgan_features.shard("3/2")


def test_a_bad_film_stops_the_work_or_is_named_and_skipped(films, weights, tmp_path, capsys):
    (films / "cat" / "bad.mp4").write_bytes(b"nothing")
    assert run(films, tmp_path / "out", weights) == 1
    assert "bad.mp4 cannot be read" in capsys.readouterr().err
    assert run(films, tmp_path / "out", weights, "--skip_bad") == 0
    assert "features of 2 clips, 1 of them new, 1 left out" in capsys.readouterr().out


def test_weights_that_no_package_brings_are_asked_for(films, tmp_path, capsys):
    assert specvqgan_features.main([str(films), "--out", str(tmp_path / "out")]) == 1
    assert "resnet50 needs a file with its weights, such as resnet50-19c8e357.pth" in capsys.readouterr().err


def test_efficientnets_features_are_those_that_pictures_are_compared_by(tmp_path, monkeypatch):
    arrays = efficientnet_arrays()
    monkeypatch.setattr("core.formats.torch_file.read", lambda path: arrays)
    network = FrameNetwork("efficientnet_lite0", tmp_path / "weights.pth")
    frames = [np.full((30, 40, 3), shade, np.uint8) for shade in (0, 200)]
    found = network.features(frames)
    expected = efficientnet.FeatureExtractor(tmp_path / "weights.pth")(np.stack(frames))
    assert found.shape == (2, 1280) and np.allclose(found, expected, atol=1e-4)


def test_a_folder_of_pictures_is_a_clip(weights, tmp_path):
    (tmp_path / "clip").mkdir()
    for number in range(3):
        Image.new("RGB", (20, 20), (90 * number, 0, 0)).save(tmp_path / "clip" / f"img_{number:05}.jpg")
    assert run(tmp_path / "clip", tmp_path / "out", weights) == 0
    assert len(feature_files.read(tmp_path / "out" / "feature_resnet50_dim2048_21.5fps" / "clip.pkl")) == 3


def test_motion_of_films_needs_opencv_and_the_command_says_so(films, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    write_zip(tmp_path / "bn.pth", *state_dict(full_size("full_bninception_rgb")[0]))
    assert run(films, tmp_path / "out", tmp_path / "bn.pth", "--features", "bninception_flow") == 1
    assert "pip install 'hallu[motion]'" in capsys.readouterr().err


def motion(folder, count):
    folder.mkdir(parents=True)
    for number in range(count):
        for name, value in (("x", 128 + 10 * number), ("y", 128)):
            Image.new("L", (24, 16), value).save(folder / f"flow_{name}_{number + 1:05}.jpg")


def test_processes_share_the_clips(tmp_path):
    arrays, _ = full_size("full_bninception_rgb")
    write_zip(tmp_path / "bn.pth", *state_dict(arrays))
    motion(tmp_path / "clips" / "a", 2)
    motion(tmp_path / "clips" / "b", 3)
    words = ["--features", "bninception_flow", "--jobs", "2"]
    assert run(tmp_path / "clips", tmp_path / "out", tmp_path / "bn.pth", *words) == 0
    folder = tmp_path / "out" / "feature_flow_bninception_dim1024_21.5fps"
    found = [feature_files.read(folder / f"{name}.pkl") for name in "ab"]
    assert [each.shape for each in found] == [(2, 1024), (3, 1024)]
    assert np.allclose(found[0], found[1][:2], atol=1e-3) and not np.allclose(found[1][1], found[1][2], atol=1e-3)


def test_pictures_of_one_direction_alone_are_refused(tmp_path):
    motion(tmp_path / "a", 2)
    (tmp_path / "a" / "flow_y_00002.jpg").unlink()
    with pytest.raises(ValueError, match=r"has 2 pictures flow_x_\* and 1 pictures flow_y_\*"):
        list(clip_files.frames(tmp_path / "a", "bninception_flow", 21.5))


def test_two_clips_of_one_name_are_refused(tmp_path):
    for name in ("a.mp4", "a.mkv"):
        film(tmp_path / name, [0])
    with pytest.raises(ValueError, match="would have the same file of features"):
        clip_files.find(tmp_path, "resnet50", 21.5)


def test_a_repeated_frame_is_computed_once(weights):
    network, frame = FrameNetwork("resnet50", weights), np.zeros((8, 8, 3), np.uint8)
    calls = []
    run, network._run = network._run, lambda x: calls.append(x) or run(x)
    assert len(network.features([frame] * 100)) == 100
    assert len(calls) == 1


def test_a_folder_says_what_its_features_were_measured_with(films, weights, tmp_path):
    settings = ExtractionSettings("resnet50", weights)
    extraction.prepare_folder(tmp_path, settings)
    said = json.loads((tmp_path / "feature_resnet50_dim2048_21.5fps.json").read_text())
    assert said["fps"] == 21.5 and len(said["weights"]) == 64


def texture():
    """A smooth pattern, uint8 [300, 400, 3]."""
    noise = np.random.default_rng(3).normal(size=(300, 400))
    smooth = gaussian_filter(noise, 4)
    return np.repeat((128 + 40 * smooth / smooth.std()).clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)


def test_motion_of_frames_is_what_they_are_moved_by():
    pytest.importorskip("cv2")
    frame, moved = texture()[20:276, 30:370], texture()[22:278, 27:367]
    (found,) = optical_flow.pictures([frame, moved])
    across, down, _ = np.median(found[20:-20, 20:-20], axis=(0, 1)) * 40 / 255 - 20
    assert (across, down) == (pytest.approx(3, abs=0.1), pytest.approx(-2, abs=0.1))


def test_the_motion_of_a_film_is_computed(tmp_path):
    pytest.importorskip("cv2")
    for number in range(3):
        Image.fromarray(texture()[:256, 3 * number : 3 * number + 340]).save(tmp_path / f"{number}.png")
    (clip,) = clip_files.find(tmp_path, "bninception_flow", 21.5)
    found = list(clip_files.frames(clip.source, "bninception_flow", 21.5))
    assert [each.shape for each in found] == [(256, 340, 3)] * 2
    across, down, _ = np.median(found[0], axis=(0, 1))
    assert across < 120 and down == pytest.approx(128, abs=1)


def test_one_frame_has_no_motion():
    pytest.importorskip("cv2")
    with pytest.raises(ValueError, match="there is no motion in 1 frames; it takes 2"):
        list(optical_flow.pictures([texture()]))


def test_without_opencv_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(ValueError, match=r"pip install 'hallu\[motion\]'"):
        list(optical_flow.pictures([texture()]))
