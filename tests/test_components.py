"""The course's pickles are read, and none of them is executed."""

import os
import pickle

import numpy as np
import pytest

import ganspace
from tests.conftest import SMALL

GOOD = {
    "layer": "conv0",
    "estimator": "ipca",
    "comp": np.eye(4).reshape(4, 1, 2, 2)[:2],
    "stdev": np.array([2.0, 1.0]),
    "var_ratio": np.array([0.8, 0.2]),
    "global_mean": np.ones((1, 2, 2)),
}


def write(path, content, protocol=4):
    path.write_bytes(pickle.dumps(content, protocol=protocol))
    return path


@pytest.fixture
def small(tmp_path):
    return ganspace.load(write(tmp_path / "a.pickle", GOOD))


def test_a_pickle_of_the_course_is_read():
    components = ganspace.load(SMALL / "magenta_small_conv0_ipca_1024.pickle")
    assert (components.layer, components.count, components.mean.shape) == ("conv0", 512, (2, 16, 16))


@pytest.mark.parametrize("protocol", range(2, 6))
def test_any_pickle_protocol_is_read(tmp_path, protocol):
    assert ganspace.load(write(tmp_path / "a.pickle", GOOD, protocol)).count == 2


def test_zero_edits_are_no_offset_and_the_mean(small):
    assert not small.offsets(np.zeros((1, 2))).any()
    assert np.array_equal(small.activations(np.zeros((1, 2)))[0], small.mean)


def test_edits_are_in_standard_deviations(small):
    np.testing.assert_allclose(small.offsets([[3.0, 0.0]])[0].ravel(), [6, 0, 0, 0])


def test_missing_edits_are_0(small):
    assert np.array_equal(small.offsets([[1.0]]), small.offsets([[1.0, 0.0]]))


@pytest.mark.parametrize("edits", [[[1, 2, 3]], [1, 2], [[np.nan]]])
def test_bad_edits_are_refused(small, edits):
    with pytest.raises(ValueError, match="edits"):
        small.offsets(edits)


class Evil:
    def __init__(self, call, *args):
        self.call, self.args = call, args

    def __reduce__(self):
        return self.call, self.args


@pytest.mark.parametrize("call", [os.mkdir, eval, exec, __import__, getattr, np.save, np.load])
def test_a_hostile_pickle_executes_nothing(tmp_path, call):
    trap = tmp_path / "trap"
    words = {eval: f"__import__('os').mkdir({str(trap)!r})", exec: f"import os; os.mkdir({str(trap)!r})"}
    file = write(tmp_path / "a.pickle", GOOD | {"layer": Evil(call, words.get(call, str(trap)))})
    with pytest.raises(ValueError, match="which an array does not need"):
        ganspace.load(file)
    assert not trap.exists()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"comp": None}, "comp must be an array"),
        ({"stdev": np.ones(3)}, "go together"),
        ({"stdev": np.array([1.0, np.inf])}, "finite"),
        ({"comp": np.array([object()])}, "comp must be an array|does not need"),
    ],
)
def test_a_file_of_the_wrong_shape_is_named(tmp_path, change, reason):
    with pytest.raises(ValueError, match=reason):
        ganspace.load(write(tmp_path / "a.pickle", GOOD | change))


@pytest.mark.parametrize("content", [b"", b"no pickle", pickle.dumps([1, 2]), pickle.dumps({"layer": "conv0"})])
def test_a_file_that_is_no_components_file_is_refused(tmp_path, content):
    (tmp_path / "a.pickle").write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.pickle (is not|cannot be read as) a components file"):
        ganspace.load(tmp_path / "a.pickle")


def test_line_ends_that_git_changed_are_guessed():
    with pytest.raises(ValueError, match=r"all its line ends are CR LF, as if Git .* '\*\.pickle binary'"):
        ganspace.load(SMALL.parent / "found" / "components" / "crlf_by_git.pickle")


def test_a_broken_file_with_other_line_ends_is_only_broken(tmp_path):
    (tmp_path / "a.pickle").write_bytes(b"\x80\x04\r\n\n" * 10)
    with pytest.raises(ValueError, match="cannot be read") as failure:
        ganspace.load(tmp_path / "a.pickle")
    assert "Git" not in str(failure.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no components file"):
        ganspace.load(tmp_path / "missing.pickle")
