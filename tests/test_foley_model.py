"""The foley model as a whole, with random weights: windows, seeds, lengths, and the original's own networks."""

import json
import math
import tracemalloc

import numpy as np
import pytest
import small_foley
import specvqgan_files
from small_foley import COLUMNS, SECONDS, film

import specvqgan
from core import families
from core.protocols import FoleyModel
from specvqgan.features import clips
from specvqgan.foley import watching, windows
from specvqgan.mel.spectrogram import spectrogram

RATE = 22050
MELGAN = specvqgan_files.FOLDER / "melgan"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return small_foley.write(tmp_path_factory.mktemp("foley") / "specvqgan" / "small")


@pytest.fixture(scope="module")
def model(folder):
    return specvqgan.load_foley(folder)


@pytest.fixture(scope="module")
def classed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("classed") / "classed"
    return specvqgan.load_foley(small_foley.write(folder, frames=0, classes=("dog", "drum")))


def test_it_is_found_and_described_by_its_family(folder, model):
    (found,) = families.find([folder.parent.parent], "foley")
    assert families.load(found.folder, "foley").seconds == model.seconds == pytest.approx(SECONDS)
    assert isinstance(model, FoleyModel)


@pytest.mark.parametrize("seconds", [0.5, 6.5])
def test_a_sound_begins_and_ends_without_a_click(model, seconds):
    wave = model.generate(film(2.0), 12.0, seconds=seconds, seed=3)
    assert max(abs(wave[[0, -1]])) < 0.01 * np.abs(wave).max()


@pytest.mark.parametrize("seconds", [0.5, 1.0, SECONDS, 6.5])
def test_a_sound_is_as_long_as_its_film(model, seconds):
    frames = film(seconds, 12.0)
    assert len(model.generate(frames, 12.0)) == round(len(frames) / 12.0 * RATE)


@pytest.mark.parametrize("seconds", [0.3, 3.7])
def test_a_sound_is_as_long_as_it_is_asked_for(model, seconds):
    assert len(model.generate(film(2.0), 12.0, seconds=seconds)) == round(seconds * RATE)


def test_the_same_seed_gives_the_same_sound_and_another_one_another(model):
    waves = [model.generate(film(5.0), 12.0, seed=seed) for seed in (1, 1, 2)]
    assert np.array_equal(waves[0], waves[1]) and not np.array_equal(waves[0], waves[2])


def test_other_pictures_give_another_sound(model):
    waves = [model.generate(film(2.0, seed=seed), 12.0, seed=1, temperature=0.0) for seed in (0, 5)]
    assert not np.array_equal(*waves)


def test_the_blocks_of_a_stream_are_the_whole_sound(model):
    blocks = list(model.stream(film(7.0), 12.0, seed=4))
    assert len(blocks) > 1 and np.array_equal(np.concatenate(blocks), model.generate(film(7.0), 12.0, seed=4))


def test_a_longer_film_begins_with_the_sound_of_the_shorter_one(model):
    frames = film(9.0)
    short, long = (model.generate(frames[: round(seconds * 12)], 12.0, seed=4) for seconds in (6.5, 9.0))
    same = round(4.0 * RATE)
    assert np.array_equal(short[:same], long[:same])


def test_the_end_of_a_sound_follows_the_pictures_at_its_end(model):
    frames = film(8.0)
    changed = np.concatenate([frames[:60], 255 - frames[60:]])
    one, other = (model.generate(each, 12.0, seed=1, temperature=0.0) for each in (frames, changed))
    assert np.array_equal(one[: 2 * RATE], other[: 2 * RATE])
    assert not np.array_equal(one[6 * RATE :], other[6 * RATE :])


def test_a_film_is_read_as_it_is_needed(model):
    read = []

    def frames():
        for number, frame in enumerate(film(60.0)):
            read.append(number)
            yield frame

    next(model.stream(frames(), 12.0))
    assert len(read) < 12 * 2 * SECONDS


def test_memory_does_not_grow_with_the_film(model):
    def peak(seconds):
        tracemalloc.start()
        for _ in model.stream((frame for frame in film(1.0) for _ in range(round(seconds))), 12.0):
            pass
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(4)
    assert peak(20) < peak(5) + 800_000


def test_progress_counts_columns_and_what_it_raises_ends_the_work(model):
    seen = []
    model.generate(film(2.0), 12.0, seconds=2 * SECONDS, progress=lambda *counts: seen.append(counts))
    assert seen[0] == (1, 3 * COLUMNS) and seen[-1] == (3 * COLUMNS, 3 * COLUMNS)
    with pytest.raises(KeyboardInterrupt):
        model.generate(film(2.0), 12.0, progress=raise_at(5))


def raise_at(number):
    def progress(done, total):
        if done == number:
            raise KeyboardInterrupt

    return progress


def test_a_window_begins_with_the_end_of_the_one_before(model):
    first, second = list(model.codes(film(3.0), 12.0, seconds=3.0))
    assert np.array_equal(second[:, : COLUMNS // 2], first[:, COLUMNS // 2 :])


def test_given_codes_come_first(model):
    start = np.full((5, 4), 7)
    (grid,) = model.codes(film(1.0), 12.0, seconds=1.0, start=start)
    assert (grid[:, :4] == 7).all()


def test_a_class_is_asked_for_by_name_or_number(classed):
    assert classed.classes == ("dog", "drum") and classed.class_number("drum") == classed.class_number(1) == 1
    waves = [classed.generate([], 12.0, seconds=1.0, classes=each, temperature=0.0) for each in ("dog", "drum")]
    assert not np.array_equal(*waves)


@pytest.mark.parametrize("given, reason", [(None, "needs a class: dog, drum"), ("cat", "must be one of dog, drum")])
def test_a_class_that_is_missing_or_unknown_is_refused(classed, given, reason):
    with pytest.raises(ValueError, match=reason):
        classed.generate([], 12.0, seconds=1.0, classes=given)


def test_a_models_sound_is_refined_where_its_settings_say_so(tmp_path, model):
    folder = small_foley.write(tmp_path / "refined")
    settings = json.loads((folder / "foley.json").read_text())
    (folder / "foley.json").write_text(json.dumps(settings | {"refine": True}))
    refined = specvqgan.load_foley(folder)
    (grid,) = refined.codes(film(2.0), 12.0, seconds=2.0)
    mel = refined.codebook.decode(grid[None])[0]
    wanted = np.clip(mel, 0, 1)
    rough, fine = (
        np.abs(spectrogram(each.vocoder.generate(mel[None])[0])[:, : mel.shape[1]] - wanted).mean()
        for each in (model, refined)
    )
    assert fine < rough


def test_where_no_class_need_be_asked_for_the_pictures_decide(tmp_path):
    model = specvqgan.load_foley(small_foley.write(tmp_path / "free", classes=("dog", "drum"), free=True))
    assert model.classes == ("dog", "drum") and not model.needs_class
    assert (model.class_number(None), model.class_number("drum")) == (2, 1)
    free, asked = (model.generate(film(2.0), 12.0, classes=each, temperature=0.0) for each in (None, "drum"))
    assert not np.array_equal(free, asked)
    with pytest.raises(ValueError, match="class must be one of dog, drum, not '2'"):
        model.generate(film(2.0), 12.0, classes="2")


@pytest.mark.parametrize(
    "options, reason",
    [
        ({"classes": "dog"}, "takes no class"),
        ({"temperature": -1.0}, "temperature must be in 0..100"),
        ({"seconds": 0.0}, "seconds must be above 0"),
        ({"seed": -1}, "seed must be"),
    ],
)
def test_values_that_break_a_rule_are_refused_at_once(model, options, reason):
    with pytest.raises(ValueError, match=reason):
        model.stream(film(1.0), 12.0, **options)


def test_no_frames_are_refused(model):
    with pytest.raises(ValueError, match="frames must be at least one"):
        model.generate([], 12.0)


def test_parts_that_do_not_fit_are_named(tmp_path):
    folder = small_foley.write(tmp_path / "wrong", codes=9)
    with pytest.raises(ValueError, match=r"codebook has 16 codes, but .*transformer has 9"):
        specvqgan.load_foley(folder)


def test_features_that_do_not_exist_are_named(tmp_path):
    folder = small_foley.write(tmp_path / "wrong")
    settings = json.loads((folder / "foley.json").read_text())
    (folder / "foley.json").write_text(json.dumps(settings | {"features": "smell"}))
    with pytest.raises(ValueError, match=r"foley\.json: features must be one of"):
        specvqgan.load_foley(folder)


def test_a_run_of_the_original_is_played_with_its_own_codebook(tmp_path):
    model = specvqgan.load_foley(specvqgan_files.run("class"), vocoder=MELGAN)
    assert model.seconds == pytest.approx(53 * 16 * 256 / RATE) and len(model.classes) == 8
    assert len(model.generate([], 21.5, seconds=2.0, classes=3, temperature=0.0)) == 2 * RATE


def test_greedy_codes_of_a_run_of_the_original_are_the_originals(tmp_path):
    model = specvqgan.load_foley(specvqgan_files.run("class"), vocoder=MELGAN)
    reference = specvqgan_files.arrays("reference/transformer_class")
    (grid,) = model.codes([], 21.5, seconds=9.8, classes=int(reference["class"].item()), temperature=0.0)
    assert np.array_equal(grid.T.ravel(), reference["greedy_tokens"])


def test_a_run_of_the_original_needs_the_file_of_its_features():
    model = specvqgan.load_foley(specvqgan_files.run("5feats"), vocoder=MELGAN)
    with pytest.raises(ValueError, match="ResNet-50"):
        model.generate(film(1.0), 12.0)


def test_a_run_of_the_original_needs_a_vocoder():
    with pytest.raises(ValueError, match="the vocoder must be named too"):
        specvqgan.load_foley(specvqgan_files.run("class"))


def test_spectrograms_of_windows_are_joined_without_a_step():
    def decode(grid):
        return np.repeat(grid[:1].astype(np.float32), 16, axis=1)

    whole = np.arange(40)[None]
    grids = [whole[:, begin : begin + 12] for begin in range(0, 30, 6)]
    mel = np.concatenate(list(windows.spectrogram(grids, decode, 12)), axis=1)
    assert np.abs(mel[0] - np.repeat(np.arange(36), 16)).max() < 1e-5


@pytest.mark.parametrize("fps, rate", [(24.0, 10.8), (5.0, 10.8), (12.0, 12.0)])
def test_moments_see_the_frame_of_their_time(fps, rate):
    seen = list(watching.moments([np.full(1, number) for number in range(round(4 * fps))], fps, rate, repeat=False))
    wanted = [min(int((moment + 0.5) / rate * fps + 1e-6), round(4 * fps) - 1) for moment in range(math.ceil(4 * rate))]
    assert [int(one[0]) for one in seen] == wanted


def test_pictures_that_end_begin_again(model):
    kept = watching.moments([np.zeros(1), np.ones(1)], 1.0, 1.0, repeat=True)
    assert [int(next(kept)[0]) for _ in range(6)] == [0, 1, 0, 1, 0, 1]


def test_photographs_are_resampled_as_the_original_does():
    kept = [np.full(3, number) for number in range(clips.CROPPED)]
    watch = watching.Watch(clips.CROPPED, np.asarray, lambda rows: clips.resampled(rows, 5))
    assert watch.features(kept)[:, 0].tolist() == clips.resampled(np.arange(212)[:, None], 5)[:, 0].tolist()
