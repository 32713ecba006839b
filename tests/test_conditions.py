"""Labels besides pitch: vectors, joint counts of a dataset, what experiment.json says of them."""

import json

import numpy as np
import pytest

import gansynth
from gansynth.conditions import CONDITIONS, JointCounts, drop, label_vectors, ordered, places
from gansynth.config import Config
from gansynth.dataset.records import FAMILIES, QUALITIES, Labels

BRASS, ORGAN = FAMILIES.index("brass"), FAMILIES.index("organ")


def marked(*names):
    return tuple(int(name in names) for name in QUALITIES)


NOTES = [
    *[Labels("horn", 60, 0, BRASS, marked("bright"))] * 6,
    *[Labels("horn", 61, 0, BRASS, marked("bright", "long_release"))] * 1,
    *[Labels("organ", 61, 1, ORGAN)] * 3,
]


@pytest.fixture
def config(tmp_path):
    return Config(folder=tmp_path / "band", pitches=(60, 61, 64), conditions=("family", "source", "qualities"))


def combination(config, vector):
    """What a label vector says, by name: the positions of its ones."""
    return tuple(tuple(np.flatnonzero(vector[where]).tolist()) for where in places(config).values())


def test_without_conditions_a_label_is_a_one_hot_pitch(tmp_path):
    plain = Config(folder=tmp_path, pitches=(60, 61, 64))
    assert label_vectors(plain, [64, 60], {}).tolist() == [[0, 0, 1], [1, 0, 0]]
    assert plain.label_size == 3


def test_a_label_vector_holds_pitch_family_source_and_qualities_in_this_order(config):
    (vector,) = label_vectors(
        config, [61], {"qualities": ["bright", "reverb"], "source": "synthetic", "family": "reed"}
    )
    assert np.flatnonzero(vector).tolist() == [1, 3 + FAMILIES.index("reed"), 3 + 11 + 2, 3 + 14 + 0, 3 + 14 + 8]
    assert (vector.dtype, len(vector)) == (np.float32, config.label_size)


@pytest.mark.parametrize("unset", [{}, {"family": None}, {"qualities": []}])
def test_a_condition_that_is_not_set_is_all_zeros(config, unset):
    assert label_vectors(config, [60], unset).sum() == 1


def test_one_name_will_do_for_qualities(config):
    one, several = ({"qualities": value} for value in ("dark", ["dark", "dark"]))
    assert (label_vectors(config, [60], one) == label_vectors(config, [60], several)).all()


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ({"colour": "red"}, "band has no condition 'colour'; it has family, source, qualities"),
        ({"family": "tuba"}, "family has no value 'tuba'; it has bass, brass, flute"),
        ({"qualities": ["bright", "tuba"]}, "qualities has no value 'tuba'; it has bright, dark"),
        ({"source": ["acoustic", "synthetic"]}, "source takes one value, not 2"),
    ],
)
def test_a_wrong_condition_gets_a_list_of_the_known_ones(config, wanted, reason):
    with pytest.raises(ValueError, match=reason):
        label_vectors(config, [60], wanted)


def test_a_model_without_conditions_says_so(tmp_path):
    with pytest.raises(ValueError, match="has no condition 'family'; it has none but the pitch"):
        label_vectors(Config(folder=tmp_path), [60], {"family": "bass"})


def test_a_pitch_without_a_label_is_refused(config):
    with pytest.raises(ValueError, match="no label for pitch 62"):
        label_vectors(config, [60, 62], {})


def test_notes_of_a_dataset_have_the_vectors_of_their_labels(config):
    counts = JointCounts.of(config, NOTES)
    asked = label_vectors(
        config, [61], {"family": "brass", "source": "acoustic", "qualities": ["bright", "long_release"]}
    )
    assert (counts.vectors([NOTES[6]]) == asked).all()


def test_equal_labels_are_counted_together(config):
    assert JointCounts.of(config, NOTES).rows == (
        (60, BRASS, 0, 0b1, 6),
        (61, BRASS, 0, 0b10001, 1),
        (61, ORGAN, 1, 0, 3),
    )


def test_only_combinations_that_occur_are_drawn_and_as_often_as_they_occur(config):
    counts = JointCounts.of(config, NOTES)
    drawn = [combination(config, vector) for vector in counts.draw(np.random.default_rng(3), 10_000)]
    frequencies = {kind: drawn.count(kind) for kind in set(drawn)}
    expected = {
        ((0,), (BRASS,), (0,), (0,)): 6000,
        ((1,), (BRASS,), (0,), (0, 4)): 1000,
        ((1,), (ORGAN,), (1,), ()): 3000,
    }
    assert frequencies.keys() == expected.keys()
    # Chi-square with two degrees of freedom: 13.8 is passed once in a thousand.
    assert sum((frequencies[kind] - count) ** 2 / count for kind, count in expected.items()) < 13.8


def test_the_same_seed_draws_the_same(config):
    counts = JointCounts.of(config, NOTES)
    assert (counts.draw(np.random.default_rng(1), 9) == counts.draw(np.random.default_rng(1), 9)).all()


def test_conditions_are_dropped_one_by_one_and_the_pitch_never(config):
    vectors = np.ones((10_000, config.label_size), np.float32)
    dropped, kept = drop(config, vectors, 0.3, np.random.default_rng(5))
    where = places(config)
    assert dropped[:, where["pitch"]].all()
    for column, name in enumerate(config.conditions):
        assert (dropped[:, where[name]] == kept[:, [column]]).all()
    assert kept.mean(axis=0) == pytest.approx([0.7] * 3, abs=0.02)
    assert np.corrcoef(kept.T)[0, 1:] == pytest.approx([0, 0], abs=0.03)
    assert vectors.all()


@pytest.mark.parametrize(("probability", "share"), [(0.0, 1), (1.0, 0)])
def test_dropping_never_and_always(config, probability, share):
    _, kept = drop(config, np.ones((50, config.label_size), np.float32), probability, np.random.default_rng(0))
    assert kept.mean() == share


def test_the_order_of_conditions_is_fixed():
    assert ordered(["qualities", "family"]) == ("family", "qualities")
    with pytest.raises(ValueError, match="be names out of family, source, qualities, not 'tempo'"):
        ordered(["tempo"])
    with pytest.raises(ValueError, match="once"):
        ordered(["family", "family"])


def write(folder, **experiment):
    (folder / "stage_00012").mkdir()
    (folder / "meta.json").write_text(json.dumps({str(i): {"pitch": note.pitch} for i, note in enumerate(NOTES)}))
    (folder / "experiment.json").write_text(json.dumps(experiment))
    return folder


def test_experiment_json_keeps_conditions_and_counts(tmp_path):
    config = Config(folder=tmp_path, pitches=(60, 61), conditions=("family", "qualities"))
    counts = JointCounts.of(config, NOTES)
    read = gansynth.read_config(write(tmp_path, conditions=["qualities", "family"], label_counts=counts.to_json()))
    assert (read.conditions, read.label_counts) == (("family", "qualities"), counts)
    assert read.label_size == 2 + 11 + 10


def test_an_experiment_without_conditions_has_none(tmp_path):
    read = gansynth.read_config(write(tmp_path))
    assert (read.conditions, read.label_counts, read.label_size) == ((), None, 2)


COLUMNS = ["pitch", "family"]


@pytest.mark.parametrize(
    ("experiment", "reason"),
    [
        ({"conditions": ["tempo"]}, "conditions must be names out of family, source, qualities, not 'tempo'"),
        ({"conditions": "family"}, "must be a list"),
        ({"conditions": [["family"]]}, "must be a list of names"),
        ({"label_counts": []}, "must be an object with columns and rows"),
        (
            {"label_counts": {"columns": ["pitch"], "rows": [[60, 1]]}},
            r"must be \['pitch', 'family'\], not \['pitch'\]",
        ),
        ({"label_counts": {"columns": COLUMNS, "rows": []}}, "no rows"),
        (
            {"label_counts": {"columns": COLUMNS, "rows": [7]}},
            r"must be \[pitch, family, count\].*, not 7",
        ),
        ({"label_counts": {"columns": COLUMNS, "rows": [[60, 1]]}}, r"must be \[pitch, family, count\]"),
        ({"label_counts": {"columns": COLUMNS, "rows": [[60, 1.5, 1]]}}, r"must be \[pitch, family, count\]"),
        ({"label_counts": {"columns": COLUMNS, "rows": [[62, 1, 1]]}}, "pitch 62, which no note of meta.json has"),
        (
            {"label_counts": {"columns": COLUMNS, "rows": [[60, 11, 1]]}},
            r"family in .* must be in 0\.\.10, not 11",
        ),
        (
            {"label_counts": {"columns": COLUMNS, "rows": [[60, 1, 0]]}},
            "count of a row .* must be at least 1, not 0",
        ),
    ],
)
def test_a_bad_experiment_is_named(tmp_path, experiment, reason):
    with pytest.raises(ValueError, match=reason):
        gansynth.read_config(write(tmp_path, **{"conditions": ["family"], **experiment}))


def test_widths_are_those_of_nsynth():
    assert {name: condition.width for name, condition in CONDITIONS.items()} == {
        "family": 11,
        "source": 3,
        "qualities": 10,
    }
