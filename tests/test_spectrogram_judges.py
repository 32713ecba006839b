"""Melception, VGGish-ish and LPAPS against what the original computed, and their files."""

import warnings

import numpy as np
import pytest
from specvqgan_files import FOLDER, arrays, full_size, mel, run
from torch_files import Call, Global, pickled, state_dict, write_zip

from core.nn import engine, numpy_ops
from specvqgan import classifier_file, run_folder
from specvqgan.metrics import lpaps, melception, standardization, vggishish
from specvqgan.metrics.standardization import Statistics

RNG = np.random.default_rng(0)
STATISTICS = FOLDER / "full_size" / "stats" / "train_means_stds_melspec_10s_22050hz.txt"


@pytest.fixture(scope="module")
def statistics():
    return standardization.read(STATISTICS)


@pytest.fixture(scope="module")
def spectrogram(statistics):
    """The spectrogram of a clip as the classifiers take it."""
    return statistics.standardized(mel()[:, 6:854])[None, :, :, None]


def test_spectrograms_are_standardised_row_by_row(spectrogram):
    known = arrays("full_size/full_melception")["normalised_input_columns_0_847"]
    assert np.abs(spectrogram[0, :, [0, 847], 0].T - known).max() < 1e-6


def test_melception_gives_the_originals_features_and_logits(spectrogram):
    weights, known = full_size("full_melception")

    def network(ops, weights, x):
        means = [ops.mean(each, axis=(1, 2)) for each in melception.maps(ops, weights, x)]
        return (*means[:3], *melception.judge(ops, weights, x))

    found = engine.compile(network, melception.prepare(weights), [spectrogram.shape])(spectrogram)
    names = ("64", "192", "768", "2048", "logits_unbiased", "logits")
    for name, value in zip(names, found, strict=True):
        assert np.abs(value[0] - known[f"feature_{name}"]).max() < 1e-4, name


def test_vggishish_gives_the_originals_logits(spectrogram):
    weights, known = full_size("full_vggishish")
    ready = vggishish.prepare(weights)
    maps = {name: value for name, value in ready.items() if name.startswith("features.")}
    found = engine.compile(vggishish.pooled, maps, [spectrogram.shape])(spectrogram)
    assert np.abs(found[0].transpose(2, 0, 1)[:8] - known["pooled_first_8_channels"]).max() < 1e-4
    # A graph would copy the largest of these matrices, 420 MB.
    assert np.abs(vggishish.classify(numpy_ops, ready, found)[0] - known["logits"]).max() < 1e-4


def pair():
    images = (2 * mel()[:, 6:854] - 1)[None, :, :, None].astype(np.float32)
    return images, images[:, :, ::-1]


def test_lpaps_is_the_originals_distance(statistics):
    weights, known = full_size("full_lpaps")
    distance = engine.compile(lpaps.distance, lpaps.prepare(weights, statistics), [(1, 80, 848, 1)] * 2)
    assert distance(*pair())[0] == pytest.approx(known["lpaps"], abs=1e-6)


def test_lpaps_of_a_codebooks_checkpoint_is_the_one_in_its_losses():
    weights = run_folder.read(run("codebook")).weights
    known = arrays("reference/codebook")
    original = pair()[0]
    reconstruction = known["reconstruction"][None, :, :, None]
    absolute = np.abs(original - reconstruction).mean()
    distance = lpaps.distance(numpy_ops, lpaps.prepare(weights), original, reconstruction)
    assert absolute + distance[0] == pytest.approx(float(known["step0_rec_loss"]), abs=1e-5)


def small(rng, plain=False):
    """Weights of a small LPAPS."""
    found = {"scaling_layer.shift": np.zeros((1, 1, 16, 1)), "scaling_layer.scale": np.ones((1, 1, 16, 1))}
    for each in vggishish.convolutions([2] * 5):
        found[f"{each.name}.weight"] = rng.standard_normal((each.outputs, each.inputs, 3, 3))
        found[f"{each.name}.bias"] = np.zeros(each.outputs)
    return found if plain else {**found, **{f"lin{i}.model.1.weight": np.ones((1, 2, 1, 1)) for i in range(5)}}


def test_lpaps_without_its_last_weights_fails_aloud():
    arrays = small(RNG, plain=True)
    with pytest.raises(ValueError, match=r"no lin0\.model\.1\.weight, the weights of the last step, which no released"):
        lpaps.prepare(arrays)
    assert set(lpaps.prepare(arrays, plain=True)) > {"lin0", "shift"}


def test_classifier_weights_in_an_entry_of_a_checkpoint_are_found_and_not_passed_over(tmp_path):
    tensors, storages = state_dict(small(RNG, plain=True))
    scalar = Call(Global("numpy.core.multiarray", "scalar"), Call(Global("numpy", "dtype"), "f8"), b"01234567")
    write_zip(tmp_path / "a.pt", {"loss": 0.1, "metrics": {"mAP": scalar}, "model": tensors}, storages)
    assert "features.0.weight" in classifier_file.read(tmp_path / "a.pt")
    with pytest.raises(ValueError, match=r"a\.pt must hold LPAPS: it has no lin0"):
        lpaps.read(tmp_path / "a.pt")


def test_lpaps_has_gradients_that_lead_towards_the_other_sound():
    import keras

    from core.nn.backend import value_and_gradients

    weights = {name: keras.ops.convert_to_tensor(value) for name, value in lpaps.prepare(small(RNG)).items()}
    other = RNG.standard_normal((1, 16, 16, 1)).astype(np.float32)

    def distance(x):
        return keras.ops.sum(lpaps.distance(keras.ops, weights, x["x"], other)), None

    start = RNG.standard_normal(other.shape).astype(np.float32)
    (far, _), slope = value_and_gradients(distance, {"x": keras.ops.convert_to_tensor(start)})
    near, _ = distance({"x": keras.ops.convert_to_tensor(start) - 0.1 * slope["x"]})
    assert 0 < float(near) < float(far)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0.5 0.1\n0.5\n", 'line 2 must be "mean deviation"'),
        ("0.5 0\n", "line 1: the deviation must be above 0"),
        ("nan 1\n", "line 1"),
        ("\n", "has no lines"),
    ],
)
def test_statistics_that_cannot_be_are_refused(tmp_path, text, reason):
    (tmp_path / "a.txt").write_text(text)
    with pytest.raises(ValueError, match=rf"a\.txt.*{reason}"):
        standardization.read(tmp_path / "a.txt")


def test_spectrograms_of_other_bands_are_refused():
    with pytest.raises(ValueError, match="must have 3 mel bands, as the statistics have, not 4"):
        Statistics(np.zeros(3), np.ones(3)).standardized(np.zeros((4, 10)))


@pytest.mark.parametrize(("read", "name"), [(melception.read, "Melception"), (vggishish.read, "VGGish-ish")])
@pytest.mark.parametrize("key", ["fc.bias", "classifier.4.bias", "x"])
def test_a_file_of_another_network_is_named(tmp_path, read, name, key):
    write_zip(tmp_path / "a.pt", *state_dict({key: np.zeros(3, np.float32)}))
    with warnings.catch_warnings(), pytest.raises(ValueError, match=rf"a\.pt must hold {name}: it has no"):
        warnings.simplefilter("error")
        read(tmp_path / "a.pt")


def test_a_classifiers_file_that_asks_for_more_is_not_executed(tmp_path, capsys):
    (tmp_path / "a.pt").write_bytes(pickled(Call(Global("builtins", "print"), "executed")))
    with pytest.raises(ValueError, match=r"a\.pt"):
        melception.read(tmp_path / "a.pt")
    assert "executed" not in capsys.readouterr().out
