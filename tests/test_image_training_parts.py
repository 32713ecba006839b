"""The parts of image training against plain numpy: losses, spectral norm, augmentation, latents, stages, folders."""

import numpy as np
import pytest
from keras import ops
from PIL import Image

from core.latent.truncated_normal import truncated_normal
from core.nn import spectral_norm
from core.nn.backend import value_and_gradients
from renderer.training import (
    augment,
    discriminator,
    generator,
    hparams,
    image_folder,
    image_metrics,
    losses,
    statistics,
)
from renderer.training.batches import ImageSource, with_factors
from renderer.training.generator import BatchNorm
from renderer.training.hparams import EPSILON, ImageHparams
from renderer.training.image_folder import LabelledImages
from renderer.training.stages import stages
from renderer.training.trainer import scheduled

SMALL = ImageHparams(
    size=16, start_size=8, channel_width=2, z_dim=8, discriminator_width=1, attention_size=8, batch_size=4
)


def rng():
    return np.random.default_rng(0)


def numpy(tensor):
    return np.asarray(ops.convert_to_numpy(tensor))


def some(count=12, size=16, classes=3, factors=None):
    images = rng().integers(0, 256, (count, size, size, 3)).astype(np.uint8)
    return LabelledImages(images, np.arange(count, dtype=np.int32) % classes, tuple("abc"[:classes]), factors)


def test_the_discriminators_hinge():
    real, fake = np.float32([2, 0.5, -1]), np.float32([-2, -0.5, 1])
    assert float(losses.discriminator_hinge(real, fake)) == pytest.approx((0.5 + 2) / 3 + (0.5 + 2) / 3)


def test_the_generators_hinge():
    assert float(losses.generator_hinge(np.float32([1, 2, 6]))) == pytest.approx(-3)


def test_the_distance_is_zero_for_equal_pictures_and_sees_fine_details():
    flat = np.zeros((1, 16, 16, 3), np.float32)
    checks = flat + 0.1 * (np.indices((16, 16)).sum(axis=0) % 2 * 2 - 1)[None, :, :, None].astype(np.float32)
    assert float(losses.distance(flat, flat)) == 0
    # Pixels and the finest level differ by 0.1 each; the coarser ones are grey.
    assert float(losses.distance(flat, checks)) == pytest.approx(0.2, abs=1e-6)
    # Pixels and the coarsest level.
    assert float(losses.distance(flat, flat + 0.1)) == pytest.approx(0.2, abs=1e-6)


@pytest.mark.parametrize("shape", [(3, 3, 4, 7), (12, 5), (1, 1, 6, 2)])
def test_sigma_is_the_largest_singular_value(shape):
    weight = rng().standard_normal(shape, np.float32)
    vector = spectral_norm.first_vectors({"w": weight}, ["w"], rounds=200)["w"]
    wanted = np.linalg.svd(weight.reshape(-1, shape[-1]), compute_uv=False)[0]
    assert float(spectral_norm.sigma(weight, vector)[0]) == pytest.approx(wanted, rel=1e-4)


def test_power_iteration_follows_weights_that_change():
    weights = {"w": rng().standard_normal((20, 10), np.float32)}
    vectors = spectral_norm.first_vectors(weights, ["w"], rounds=1)
    weights["w"] = weights["w"] + rng().standard_normal((20, 10), np.float32)
    for _ in range(100):
        ready, vectors = spectral_norm.normalized(weights, vectors)
    assert np.linalg.svd(numpy(ready["w"]), compute_uv=False)[0] == pytest.approx(1, rel=1e-3)


def test_weights_without_a_vector_stay_as_they_are():
    weights = {"w": np.float32([[3.0]]), "b": np.float32([5.0])}
    ready, _ = spectral_norm.normalized(weights, {"w": np.float32([1.0])})
    assert float(ready["w"][0, 0]) == pytest.approx(1)
    assert ready["b"] is weights["b"]


def test_every_kernel_of_the_discriminator_is_normed():
    weights = discriminator.initial(SMALL, 3, rng())
    vectors = spectral_norm.first_vectors(weights, discriminator.spectral(weights), rounds=100)
    ready, _ = spectral_norm.normalized(weights, vectors)
    for name in (name for name in weights if name.endswith(".weight")):
        value = numpy(ready[name])
        largest = np.linalg.svd(value.reshape(-1, value.shape[-1]), compute_uv=False)[0]
        assert largest == pytest.approx(1, rel=1e-2), name


def test_which_weights_of_the_generator_are_normed():
    names = generator.shapes(SMALL, 3)
    with_conditions, without = (set(generator.spectral(names, flag)) for flag in (True, False))
    assert "generator.layers.0.bn_0.scale.weight" in with_conditions - without
    assert {"generator.gen_z.weight", "generator.layers.0.conv_1.weight", "generator.conv_to_rgb.weight"} < without
    assert not any("embeddings" in name or "heads" in name for name in with_conditions)


def test_batch_norm_gives_mean_zero_and_variance_one():
    x = 3 + 2 * rng().standard_normal((8, 4, 4, 5), np.float32)
    one, zero = np.ones(5, np.float32), np.zeros(5, np.float32)
    norm = BatchNorm()
    plain = numpy(norm("n", x, one, zero))
    assert np.abs(plain.mean(axis=(0, 1, 2))).max() < 1e-5
    assert plain.std(axis=(0, 1, 2)) == pytest.approx(np.ones(5), abs=1e-3)
    assert numpy(norm.moments["n"])[0] == pytest.approx(x.mean(axis=(0, 1, 2)), abs=1e-5)
    again = BatchNorm({"n": norm.moments["n"]})("n", x, one, zero)
    assert numpy(again) == pytest.approx(plain, abs=1e-5)


def test_batch_norm_with_given_moments_has_their_values():
    x, one = 3 + 2 * rng().standard_normal((8, 4, 4, 5), np.float32), np.ones(5, np.float32)
    given = np.stack([1.5 * one, 9 * one])
    wanted = (x - 1.5) / np.sqrt(9 + EPSILON) + 0.5
    assert numpy(BatchNorm({"n": given})("n", x, one, one / 2)) == pytest.approx(wanted, abs=1e-5)


def test_batch_norm_with_given_moments_lets_nothing_learn_what_the_moments_undo():
    x, one = ops.convert_to_tensor(rng().standard_normal((8, 4, 4, 5), np.float32)), np.ones(5, np.float32)
    norm = BatchNorm({"n": np.stack([0.1 * one, 1.2 * one])})

    def loss(moved):
        y = norm("n", x * moved["scale"] + moved["shift"], one, 4 * one)
        return ops.mean(ops.square(y - x)), None

    start = {"scale": ops.ones(5), "shift": ops.zeros(5)}
    _, gradient = value_and_gradients(loss, start)
    assert np.abs(numpy(gradient["shift"])).max() < 1e-5
    assert np.abs(numpy(gradient["scale"])).max() < 1e-3


def test_translation_shifts_and_fills_with_grey():
    picture = np.ones((1, 16, 16, 3), np.float32)
    # All the way down and to the right: two pixels.
    moved = numpy(augment.augment(picture, np.full((1, augment.NUMBERS), 0.999, np.float32), ["translation"]))
    assert moved[0, 2:, 2:].min() == 1
    assert moved[0, :2].max() == moved[0, :, :2].max() == 0


def test_a_hole_has_half_the_edge_and_colours_are_left_alone():
    picture = np.ones((1, 16, 16, 3), np.float32)
    chances = np.full((1, augment.NUMBERS), 0.5, np.float32)
    holed = numpy(augment.augment(picture, chances, ["cutout"]))
    assert (holed == 0).sum() == pytest.approx(8 * 8 * 3, abs=48)
    # In the middle of their ranges neither colour nor place changes.
    x = rng().standard_normal((1, 16, 16, 3)).astype(np.float32)
    assert numpy(augment.augment(x, chances, ["colour", "translation"])) == pytest.approx(x, abs=1e-5)


def test_colour_changes_brightness_saturation_and_contrast():
    x = rng().uniform(-1, 1, (1, 8, 8, 3)).astype(np.float32)
    chances = np.full((1, augment.NUMBERS), 0.5, np.float32)
    brighter, grey, flat = (chances.copy() for _ in range(3))
    brighter[0, 0], grey[0, 1], flat[0, 2] = 1, 0, 0
    assert numpy(augment.augment(x, brighter, ["colour"])) == pytest.approx(x + 0.5, abs=1e-5)
    assert np.ptp(numpy(augment.augment(x, grey, ["colour"])), axis=3).max() < 1e-5
    assert numpy(augment.augment(x, flat, ["colour"])).std() == pytest.approx(x.std() / 2, rel=1e-4)


def test_a_latent_carries_its_factors_and_is_standard_normal():
    known = rng().standard_normal((4000, 4)).astype(np.float32)
    z = with_factors(rng().standard_normal((4000, 18)).astype(np.float32), known)
    assert z[:, :16].reshape(4000, 4, 4).sum(axis=2) / 2 == pytest.approx(known, abs=1e-5)
    assert np.abs(np.cov(z.T) - np.eye(18)).max() < 0.12
    with pytest.raises(ValueError, match="at most 3 factors, one per value of a latent, not 4"):
        with_factors(np.zeros((4000, 3), np.float32), known)


def test_batches_follow_from_the_images_seen_and_go_through_all_pictures():
    source = ImageSource(some(), SMALL)
    first, again = (source.batch(4, 8) for _ in range(2))
    assert all((first[name] == again[name]).all() for name in first)
    seen = np.concatenate([source.batch(start, 8)["row"] for start in (0, 4, 8)])
    assert sorted(seen) == list(range(12))
    assert first["real"].shape == (4, 8, 8, 3)
    assert first["labels"].argmax(axis=1).tolist() == [row % 3 for row in first["row"]]


def test_latents_are_learned_only_where_factors_are_unknown():
    pretrained = ImageHparams(size=16, start_size=8, z_dim=8, attention_size=0, warm_start_images=10)
    assert ImageSource(some(), pretrained).latents == 12
    assert ImageSource(some(factors=np.zeros((12, 2), np.float32)), pretrained).latents == 0
    assert ImageSource(some(), SMALL).latents == 0


def test_stages_follow_each_other_without_gaps():
    run = ImageHparams(total_images=100, grow_images=20, fade_images=5, warm_start_images=60, settle_images=10)
    found = stages(run)
    assert [(one.start, one.end, one.size) for one in found] == [
        (0, 20, 32), (20, 25, 64), (25, 40, 64), (40, 45, 128), (45, 60, 128), (60, 90, 128), (90, 100, 128)
    ]  # fmt: skip
    assert [one.fading for one in found] == [False, True, False, True, False, False, False]
    assert [one.pretraining for one in found] == [True] * 5 + [False] * 2
    assert [one.settling for one in found] == [False] * 6 + [True]
    assert found[1].fade(20) == 0
    assert found[1].fade(24) == pytest.approx(0.8)


def test_rates_fall_in_pretraining_and_at_the_end():
    run = ImageHparams(
        total_images=100, warm_start_images=60, settle_images=10, warm_start_rate=0.01, latent_kl_weight=0.5,
        grow_images=10, fade_images=0,
    )  # fmt: skip
    rates = [float(scheduled(images, run)["rate"]) for images in (0, 30, 59, 60, 89, 95, 99)]
    assert rates == pytest.approx([0.01, 0.00525, 0.0005, 1, 1, 0.5, 0.1], rel=0.02)
    assert [float(scheduled(images, run)["kl_weight"]) for images in (0, 15, 45, 80)] == [0, 0.25, 0.5, 0.5]


def test_the_generator_is_biggan_deep_128():
    shapes = generator.shapes(ImageHparams(channel_width=128, attention_size=64), 1000)
    count = sum(int(np.prod(shape)) for name, shape in shapes.items() if not name.startswith("heads"))
    # The published count; of the colours it computes 128, of which three are shown and kept here.
    assert count + (128 - 3) * (128 * 9 + 1) == 50_388_609


def test_pictures_of_a_smaller_size_are_means():
    data = some(count=2, size=8)
    wanted = data.images.reshape(2, 4, 2, 4, 2, 3).mean(axis=(2, 4))
    assert np.abs(data.at(4) - wanted).max() <= 0.5
    assert data.at(8) is data.images


def write(path, colour=(255, 0, 0), size=(24, 16)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)


def test_class_folders_are_read_in_the_order_of_their_names(tmp_path):
    write(tmp_path / "red" / "one.png")
    write(tmp_path / "blue" / "two.jpg", (0, 0, 255), (10, 40))
    write(tmp_path / "blue" / "one.png", (0, 0, 255))
    data = image_folder.read(tmp_path, 16)
    assert data.classes == ("blue", "red")
    assert data.labels.tolist() == [0, 0, 1]
    assert data.images.shape == (3, 16, 16, 3)
    assert data.images[2].min(axis=(0, 1)).tolist() == [255, 0, 0]
    assert data.factors is None


def test_folders_that_cannot_be_used_are_refused_with_a_sentence(tmp_path):
    with pytest.raises(FileNotFoundError, match="is not a folder; name one"):
        image_folder.read(tmp_path / "nowhere", 16)
    with pytest.raises(ValueError, match="has no class folders"):
        image_folder.read(tmp_path, 16)
    (tmp_path / "empty").mkdir()
    write(tmp_path / "red" / "one.png")
    with pytest.raises(ValueError, match="empty has no images; they may be"):
        image_folder.read(tmp_path, 16)


def test_a_bad_picture_is_named_or_left_out(tmp_path, caplog):
    write(tmp_path / "red" / "one.png")
    (tmp_path / "red" / "two.png").write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"two\.png cannot be read as an image"):
        image_folder.read(tmp_path, 16)
    assert len(image_folder.read(tmp_path, 16, skip_bad=True).labels) == 1
    assert "two.png is left out" in caplog.text
    (tmp_path / "red" / "one.png").unlink()
    with pytest.raises(ValueError, match="red has no image that can be read"):
        image_folder.read(tmp_path, 16, skip_bad=True)


def test_factors_that_miss_a_picture_are_refused(tmp_path):
    write(tmp_path / "red" / "one.png")
    write(tmp_path / "red" / "two.png")
    np.savez(tmp_path / "factors.npz", files=np.array(["red/two.png", "red/old.png"]), values=np.eye(2))
    with pytest.raises(ValueError, match=r"has no factors of red/one\.png"):
        image_folder.read(tmp_path, 16)
    (tmp_path / "red" / "one.png").unlink()
    assert image_folder.read(tmp_path, 16).factors.tolist() == [[1, 0]]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"size": 100}, "size must be one of 16, 32, 64, 128, 256, not 100"),
        ({"start_size": 5}, "start_size must be one of 8, 16, 32, 64, 128, not 5"),
        ({"attention_size": 128}, "attention_size must be 0 or a size below 128, not 128"),
        ({"augmentation": "colour,sound"}, "augmentation must be one of colour, translation, cutout, not 'sound'"),
        ({"batch_size": 0}, "batch_size must be at least 1, not 0"),
        ({"fade_images": 60_000}, "fade_images must be at most grow_images, 50000, not 60000"),
        ({"sise": 16}, "no hyper-parameter 'sise'"),
        ({"size": "big"}, "size"),
    ],
)
def test_a_wrong_setting_is_one_sentence(given, message):
    with pytest.raises(ValueError, match=message):
        hparams.settle("adversarial", given)


def test_standing_statistics_are_the_moments_of_all_batches_together():
    weights = generator.initial(SMALL, 3, rng())
    found = statistics.Collector(weights, SMALL, 3, 16).collect(0.5, 2, rng())
    same = rng()
    z = [0.5 * truncated_normal(same, (64, 8), 1.0, np.float32) for _ in range(2)]
    labels = np.eye(3, dtype=np.float32)[np.arange(128) % 3]
    cond = np.concatenate([np.concatenate(z), labels @ weights["embeddings.weight"]], axis=1)
    first = cond @ weights["generator.gen_z.weight"]
    first = first.reshape(-1, 32)
    assert found["generator.layers.0.bn_0"][0] == pytest.approx(first.mean(axis=0), abs=1e-4)
    assert found["generator.layers.0.bn_0"][1] == pytest.approx(first.var(axis=0), rel=1e-3)


def test_measures_tell_the_right_class_from_the_wrong_one():
    stripes, checks = np.indices((16, 16))[0] % 2, np.indices((16, 16)).sum(axis=0) // 4 % 2
    kinds = [pattern[None, :, :, None] * 200 * np.ones(3) for pattern in (stripes, checks)]
    noise = rng().integers(0, 50, (40, 16, 16, 3))
    images = np.concatenate([kinds[i % 2] + noise[i] for i in range(40)]).astype(np.uint8)
    data = LabelledImages(
        images[np.argsort(np.arange(40) % 2, kind="stable")], np.repeat(np.int32([0, 1]), 20), ("a", "b")
    )

    def render(z, labels, swapped=False):
        which = labels.argmax(axis=1) ^ swapped
        return np.stack([data.images[20 * k + i % 20] for i, k in enumerate(which)]).astype(np.float32) / 127.5 - 1

    right = image_metrics.measure(data, render, 8, 16)
    wrong = image_metrics.measure(data, lambda z, labels: render(z, labels, True), 8, 16)
    assert [one.recognised for one in right] == [1, 1]
    assert [one.recognised for one in wrong] == [0, 0]
    assert right[0].sharpness == pytest.approx(1, abs=0.1)
    assert "| **all** | 100% |" in image_metrics.table(right)


def test_the_generator_of_256_pixels_is_biggan_deep_256():
    own = ImageHparams(size=256, channel_width=128, attention_size=64)
    doublings = sum(doubles for doubles, _, _ in own.layers)
    assert 4 * 2**doublings == 256
    shapes = generator.shapes(own, 1000)
    assert shapes["generator.gen_z.weight"] == (256, 4 * 4 * 16 * 128)
    assert len(own.layers) == 12
    assert own.sizes == [32, 64, 128, 256]


def test_images_that_were_decoded_once_are_read_from_what_was_kept(tmp_path, monkeypatch):
    for name in ("a", "b"):
        write(tmp_path / name / "one.png", colour=(10, 20, 30))
    first = image_folder.read(tmp_path, 8)
    monkeypatch.setattr(image_folder, "_square", None)
    again = image_folder.read(tmp_path, 8)
    assert np.array_equal(first.images, again.images)
    assert (again.classes, again.labels.tolist()) == (("a", "b"), [0, 1])


def test_an_image_that_changed_is_decoded_again(tmp_path):
    write(tmp_path / "a" / "one.png", colour=(10, 20, 30))
    image_folder.read(tmp_path, 8)
    write(tmp_path / "a" / "one.png", colour=(200, 0, 0), size=(24, 17))
    assert image_folder.read(tmp_path, 8).images[0, 0, 0].tolist() == [200, 0, 0]


def test_a_bad_image_that_was_left_out_is_not_forgotten(tmp_path):
    write(tmp_path / "a" / "one.png")
    (tmp_path / "a" / "two.png").write_bytes(b"no image")
    assert len(image_folder.read(tmp_path, 8, skip_bad=True).images) == 1
    with pytest.raises(ValueError, match=r"two\.png cannot be read as an image"):
        image_folder.read(tmp_path, 8)


def test_a_warm_up_delays_the_adversarial_loss():
    run = ImageHparams(total_images=200, warm_start_images=100, discriminator_warm_up_images=20)
    assert [float(scheduled(images, run)["adversarial"]) for images in (0, 110, 130, 140)] == [0, 0, 0.5, 1]


def test_a_picture_of_too_many_pixels_is_refused_in_one_sentence(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    Image.new("RGB", (64, 64)).save(tmp_path / "a" / "one.png")
    # Above twice this Pillow raises an error of its own kind.
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(ValueError, match=r"one\.png cannot be read as an image"):
        image_folder.read(tmp_path, 16)
