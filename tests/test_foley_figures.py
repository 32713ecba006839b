"""The figures of SpecVQGAN against the original's, on its own features, logits and paths."""

import json

import numpy as np
import pytest
from specvqgan_files import FOLDER, arrays, clip, mel

from core import distances
from specvqgan.mel import spectrogram
from specvqgan.metrics import figures, matching, mel_distance

VALUES = json.loads((FOLDER / "metrics" / "values.json").read_text(encoding="utf-8"))
CLASSES = ("baby", "cough", "dog", "drum", "fireworks", "gun", "hammer", "sneeze")


@pytest.fixture(scope="module")
def known():
    return arrays("metrics/features")


def test_fid_is_the_originals(known):
    found = figures.frechet_distance(known["fake_features"], known["real_features"])
    assert found == pytest.approx(VALUES["frechet_inception_distance"], abs=1e-9)


def test_fid_of_a_set_to_itself_is_0(known):
    assert figures.frechet_distance(known["real_features"], known["real_features"]) == pytest.approx(0, abs=1e-9)


def test_fid_of_fewer_rows_than_features_is_the_originals(known):
    found = figures.frechet_distance(known["fake_features"][:24], known["real_features"][:24])
    assert found == pytest.approx(VALUES["fid_with_fewer_rows_than_depth"], abs=1e-5)


def test_kid_is_the_originals(known):
    found = figures.kernel_distance(known["fake_features"], known["real_features"], 100, 40)
    assert found.mean == pytest.approx(VALUES["kernel_inception_distance_mean"], abs=1e-6)
    assert found.deviation == pytest.approx(VALUES["kernel_inception_distance_std"], abs=1e-6)


def test_kid_of_few_rows_takes_all_of_them(known):
    found = figures.kernel_distance(known["fake_features"][:24], known["real_features"][:24], 5, 40)
    assert found.mean == pytest.approx(VALUES["kid_subset_capped_mean"], abs=1e-6)


def test_the_inception_score_is_the_originals(known):
    found = figures.inception_score(known["fake_logits_unbiased"])
    assert found.mean == pytest.approx(VALUES["inception_score_mean"], abs=1e-9)
    assert found.deviation == pytest.approx(VALUES["inception_score_std"], abs=1e-9)
    plain = figures.inception_score(known["fake_logits_unbiased"], splits=4, seed=None)
    assert plain.mean == pytest.approx(VALUES["inception_score_mean_no_shuffle_4_splits"], abs=1e-9)


def test_fewer_sounds_than_parts_still_have_an_inception_score(known):
    assert np.isfinite(figures.inception_score(known["fake_logits_unbiased"][:3]).mean)


def test_mkl_is_the_originals_over_all_samples_matched_by_path(known):
    matches = matching.match(known["fake_paths"].tolist(), known["real_paths"].tolist(), CLASSES)
    assert (len(matches.pairs), matches.lonely_generated, matches.lonely_real) == (192, 0, 0)
    made, own = map(list, zip(*matches.pairs, strict=True))
    found = figures.mean_divergence(known["fake_logits"][made], known["real_logits"][own])
    assert found == pytest.approx(VALUES["kullback_leibler_divergence"], abs=1e-9)


def test_the_classifiers_figures_are_the_originals(known):
    found, values = (
        figures.classification(known["classifier_targets"], known["classifier_outputs"]),
        VALUES["classifier"],
    )
    assert found.accuracies == {1: values["accuracy_1"], 5: values["accuracy_5"]}
    assert found.mean_average_precision == pytest.approx(values["mAP"], abs=1e-9)
    assert found.mean_auc == pytest.approx(values["mROCAUC"], abs=1e-9)
    assert found.d_prime == pytest.approx(values["dprime"], abs=1e-9)


def test_classes_without_a_sound_do_not_spoil_the_figures_of_the_others(known, caplog):
    targets, logits = known["classifier_targets"] % 3, known["classifier_outputs"]
    found = figures.classification(targets, logits)
    assert found.classes == 3 and 0 < found.mean_average_precision <= 1
    assert "9 of 12 classes have no sound" in caplog.text


def test_a_class_beyond_the_classifiers_is_refused(known):
    with pytest.raises(ValueError, match=r"a class must be in 0\.\.11, not 12"):
        figures.classification(np.array([0, 12]), known["classifier_outputs"][:2])


# In the original cls_1 was found inside cls_10.
def test_the_number_of_a_class_is_the_whole_number():
    names = [f"class_{number:02}" for number in range(12)]
    real = [f"data/{name}/melspec_10s_22050hz/video_00001_mel.npy" for name in names]
    made = [f"samples/cls_{number}/video_00001_sample_0.npy" for number in range(12)]
    assert matching.match(made, real).pairs == tuple((number, number) for number in range(12))


# In the original the test compared how many keys two dicts have, which is always the same.
def test_sounds_without_a_partner_are_counted():
    real = ["dog/a_mel.npy", "cat/b_mel.npy"]
    found = matching.match(["x/a_sample_0.npy", "x/a_sample_1.npy", "x/c_sample_0.npy"], real)
    assert found.pairs == ((0, 0), (1, 0))
    assert (found.lonely_generated, found.lonely_real) == (1, 1)


def test_two_real_sounds_of_one_clip_are_refused():
    with pytest.raises(ValueError, match=r"dog/a_mel\.npy and dog/a\.npy are of the same clip"):
        matching.match([], ["dog/a_mel.npy", "dog/a.npy"])


def test_a_name_keeps_what_only_looks_like_an_ending():
    assert matching.clip("x/caramel_sample_rate_mel.npy") == "caramel_sample_rate"
    assert matching.clip("x/-1pRmoJIGQc_10000_20000_mel.npy") == "-1pRmoJIGQc_10000_20000"


def test_a_sound_of_half_the_level_is_6_db_away():
    wave = clip("clip_a")[:44100] + 0.01 * np.random.default_rng(0).standard_normal(44100).astype(np.float32)
    assert mel_distance.of_waves(wave, wave / 2, 22050) == pytest.approx(6.02, abs=0.1)
    pair = (spectrogram.spectrogram(each) for each in (wave, wave / 2))
    assert mel_distance.of_spectrograms(*pair) == pytest.approx(6.02, abs=0.1)


def test_a_shifted_sound_is_further_away_at_fine_than_at_coarse_resolution():
    wave = clip("clip_a")[:44100]
    near, far = (mel_distance.of_waves(wave[2000:], wave[2000 - shift : -shift], 22050) for shift in (20, 2000))
    assert 0 < near < far


def test_spectrograms_of_other_bands_are_refused():
    with pytest.raises(ValueError, match="the same bands, not 80 and 40"):
        mel_distance.of_spectrograms(mel(), mel()[:40])


def test_an_inception_score_counts_classes_that_are_told_apart():
    sure = 100 * np.eye(4)[np.arange(40) % 4]
    assert figures.inception_score(sure, splits=1).mean == pytest.approx(4)


def test_subsets_are_needed():
    with pytest.raises(ValueError, match="at least 1 pair of subsets, not 0"):
        distances.kernel_of_subsets(np.zeros((3, 2)), np.zeros((3, 2)), 0, 2, 0)
