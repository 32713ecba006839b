"""`specvqgan_evaluate`: which figures there are, with and without the judges' files."""

import json

import numpy as np
import pytest
import soundfile
from specvqgan_files import FOLDER, clip, full_size, mel
from torch_files import state_dict, write_zip

from core.nn import engine
from scripts import specvqgan_evaluate
from specvqgan.metrics import clip_sounds, evaluation, figures, melception, standardization
from specvqgan.metrics.judges import Judges

STATISTICS = FOLDER / "full_size" / "stats" / "train_means_stds_melspec_10s_22050hz.txt"
FRAMES = 96


def pieces(count):
    """Spectrograms of parts of a clip, [80, FRAMES] each."""
    return [mel()[:, 100 * number : 100 * number + FRAMES] for number in range(count)]


@pytest.fixture
def folders(tmp_path):
    """Four real spectrograms of two classes, and two samples of each, one of which goes beyond 0..1."""
    for number, piece in enumerate(pieces(4)):
        label, name = number // 2, f"video_{number % 2:05}"
        real, made = (
            tmp_path / "real" / ("cat", "dog")[label] / "melspec_10s_22050hz",
            tmp_path / "fake" / f"cls_{label}",
        )
        for folder in (real, made):
            folder.mkdir(parents=True, exist_ok=True)
        np.save(real / f"{name}_mel.npy", piece)
        np.save(made / f"{name}_sample_0.npy", np.clip(piece + 0.02, 0, 1))
        np.save(made / f"{name}_sample_1.npy", piece - 0.5)
    return tmp_path / "fake", tmp_path / "real"


def run(folders, *words):
    return specvqgan_evaluate.main(["--fake", str(folders[0]), "--real", str(folders[1]), *map(str, words)])


def test_without_any_weights_there_is_the_mel_distance_and_the_rest_is_named(folders, tmp_path, capsys):
    assert run(folders, "--out", tmp_path / "figures.json") == 0
    shown = capsys.readouterr().out
    assert "8 generated sounds, 4 real ones, 8 pairs" in shown
    assert "not measured: FID, KID, inception score, MKL (needs the weights of Melception" in shown
    assert "not measured: FAD (needs the wheel of musicnn)" in shown
    found = json.loads((tmp_path / "figures.json").read_text())
    expected = [100 * np.abs(np.clip(made, 0, 1) - piece).mean() for piece in pieces(4) for made in
                (piece + 0.02, piece - 0.5)]  # fmt: skip
    assert found["figures"]["mel_distance_db"]["value"] == pytest.approx(np.mean(expected), rel=1e-5)
    assert set(found["figures"]) == {"mel_distance_db"}


def test_a_run_that_was_stopped_goes_on_with_the_same_figures(folders, tmp_path, capsys, monkeypatch):
    bad = folders[1] / "dog" / "melspec_10s_22050hz" / "video_00001_mel.npy"
    good = bad.read_bytes()
    bad.write_bytes(b"")
    assert run(folders, "--keep", tmp_path / "kept") == 1
    assert str(bad) in capsys.readouterr().err
    bad.write_bytes(good)
    done = {path: path.stat().st_mtime_ns for path in (tmp_path / "kept").iterdir()}
    assert len(done) == 6
    assert run(folders, "--keep", tmp_path / "kept", "--out", tmp_path / "kept.json") == 0
    assert run(folders, "--out", tmp_path / "whole.json") == 0
    kept, whole = (json.loads((tmp_path / f"{name}.json").read_text())["figures"] for name in ("kept", "whole"))
    assert kept == whole
    assert all(path.stat().st_mtime_ns == when for path, when in done.items())


def test_what_was_kept_of_other_content_is_not_taken(folders, tmp_path):
    for name in ("before", "after"):
        assert run(folders, "--keep", tmp_path / "kept", "--out", tmp_path / f"{name}.json") == 0
        for path in folders[0].rglob("*.npy"):
            np.save(path, np.zeros((80, FRAMES)))
    before, after = (json.loads((tmp_path / f"{name}.json").read_text())["figures"] for name in ("before", "after"))
    assert after["mel_distance_db"]["value"] > before["mel_distance_db"]["value"]


def test_processes_share_the_sounds(folders, tmp_path):
    assert run(folders, "--jobs", "2", "--out", tmp_path / "shared.json") == 0
    assert run(folders, "--out", tmp_path / "one.json") == 0
    shared, one = (json.loads((tmp_path / f"{name}.json").read_text())["figures"] for name in ("shared", "one"))
    assert shared == one


def test_generated_spectrograms_are_held_in_their_range_unless_the_papers_figures_are_wanted(folders, tmp_path):
    for name, words in (("held", ()), ("not", ("--as_original",))):
        assert run(folders, "--out", tmp_path / f"{name}.json", *words) == 0
    held, free = (json.loads((tmp_path / f"{name}.json").read_text()) for name in ("held", "not"))
    assert held["figures"]["mel_distance_db"]["value"] < free["figures"]["mel_distance_db"]["value"]
    assert any("held in 0..1" in note for note in held["notes"]) and not free["notes"]


def test_melceptions_figures_are_those_of_its_features_and_logits(folders, tmp_path, capsys):
    weights, _ = full_size("full_melception")
    write_zip(tmp_path / "melception.pt", *_checkpoint(weights))
    words = ("--melception", tmp_path / "melception.pt", "--stats", STATISTICS, "--recognised")
    assert run(folders, "--as_original", "--out", tmp_path / "figures.json", *words) == 0
    assert "FID on Melception's 2048 features" in capsys.readouterr().out
    found = json.loads((tmp_path / "figures.json").read_text())["figures"]

    statistics = standardization.read(STATISTICS)
    judge = engine.compile(melception.judge, melception.prepare(weights), [(1, 80, FRAMES, 1)])
    sides = [
        [judge(statistics.standardized(np.load(path))[None, :, :, None]) for path in clip_sounds.find(folder)]
        for folder in folders
    ]
    made, own = ([np.concatenate(column) for column in zip(*side, strict=True)] for side in sides)
    fid, kid = (figures.frechet_distance(made[0], own[0]), figures.kernel_distance(made[0], own[0]))
    assert found["melception_frechet_distance"]["value"] == pytest.approx(fid, rel=1e-5)
    assert found["melception_kernel_distance"]["value"] == pytest.approx(kid.mean, rel=1e-4)
    score = figures.inception_score(made[1])
    assert found["melception_inception_score"]["value"] == pytest.approx(score.mean, rel=1e-5)
    divergence = figures.mean_divergence(made[2], own[2].repeat(2, axis=0))
    assert found["melception_mean_divergence"]["value"] == pytest.approx(divergence, rel=1e-4)
    targets = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    recognised = figures.classification(targets, made[2])
    assert found["melception_mean_auc"]["value"] == pytest.approx(recognised.mean_auc)


def _checkpoint(weights):
    tensors, storages = state_dict(weights)
    return {"epoch": 3, "model": tensors}, storages


class Tagger:
    """Takes the mean and the level of a piece for its features."""

    def judge(self, wave, sample_rate):
        return np.array([wave.mean(), np.abs(wave).mean()]), None


def test_sounds_are_judged_in_pieces_of_three_seconds(tmp_path):
    for name, gain in (("real", 1.0), ("fake", 0.5)):
        (tmp_path / name).mkdir()
        soundfile.write(tmp_path / name / "a.wav", gain * clip("clip_a"), 22050, subtype="FLOAT")
    paths = [clip_sounds.find(tmp_path / name) for name in ("fake", "real")]
    found = evaluation.evaluate(*paths, Judges(tagger=Tagger()))
    pieces = np.array([[each.mean(), np.abs(each).mean()] for each in clip("clip_a")[: 9 * 22050].reshape(3, -1)])
    expected = evaluation.distances.frechet(0.5 * pieces, pieces)
    assert found.figures["musicnn_frechet_audio_distance"].value == pytest.approx(expected, rel=1e-3)
    assert found.figures["multi_resolution_mel_distance_db"].value == pytest.approx(6, abs=0.5)


def test_the_spectrogram_of_a_sound_is_the_data_sets(tmp_path):
    soundfile.write(tmp_path / "a.wav", clip("clip_a"), 22050, subtype="FLOAT")
    assert np.abs(clip_sounds.read(tmp_path / "a.wav").spectrogram - mel()).max() < 1e-6


# The original took a file's samples for 22050 Hz, whatever its rate.
def test_a_sound_of_another_rate_is_brought_to_the_models(tmp_path):
    times = np.arange(3 * 44100) / 44100
    sound = sum(np.sin(2 * np.pi * hertz * times) for hertz in (300, 1200, 3000)) / 4
    for rate, step in ((44100, 1), (22050, 2)):
        soundfile.write(tmp_path / f"{rate}.wav", sound[::step], rate, subtype="FLOAT")
    one, other = (clip_sounds.read(tmp_path / f"{rate}.wav").spectrogram for rate in (44100, 22050))
    assert np.abs(one[:, 5:250] - other[:, 5:250]).mean() < 0.01


def test_a_vocoder_makes_sounds_of_spectrograms(folders, tmp_path):
    assert run(folders, "--vocoder", FOLDER / "melgan", "--out", tmp_path / "figures.json") == 0
    assert "multi_resolution_mel_distance_db" in json.loads((tmp_path / "figures.json").read_text())["figures"]


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.zeros((40, 90)), r"a spectrogram must have shape \[80, frames\], not \[40, 90\]"),
        (np.full((80, 90), np.nan), "not finite"),
        (np.zeros((80, 0)), "frames must be in 1..100000, not 0"),
        (np.array([{}]), "not numbers or text"),
    ],
)
def test_a_bad_spectrogram_is_named(folders, array, reason, capsys):
    path = folders[0] / "cls_0" / "bad_sample_0.npy"
    np.save(path, array, allow_pickle=True)
    with pytest.raises(ValueError, match=rf"bad_sample_0\.npy cannot be read: .*{reason}"):
        clip_sounds.read(path)


def test_a_spectrogram_that_is_too_short_for_melception_is_named(tmp_path):
    np.save(tmp_path / "a.npy", mel()[:, :74])
    judges = Judges({}, standardization.read(STATISTICS))
    judges.weights = {"fc": np.zeros((1, 1))}
    with pytest.raises(ValueError, match=r"a\.npy must have at least 75 frames to be judged, not 74"):
        evaluation.evaluate([tmp_path / "a.npy"], [tmp_path / "a.npy"], judges)


def test_melception_needs_its_statistics(folders, capsys):
    with pytest.raises(SystemExit):
        run(folders, "--melception", "x.pt")
    assert "--melception and --stats are needed together" in capsys.readouterr().err
