"""Text of messages and lists."""

import pytest

from core.text import one_line, spans
from server.engine.request import fail


def test_neighbours_are_written_as_ranges():
    assert spans([36, 38, 39, 40]) == "36, 38..40"


def test_what_is_short_enough_is_one_line():
    assert one_line("a\n  b", 5) == "a b"


def test_a_path_loses_its_middle_and_the_reason_stays():
    path = "/home/user/" + "folder/" * 60 + "model.npz"
    line = fail("/sound/load", "-", f"{path} cannot be read as a components file: it has no comp").args[2]
    assert len(line) == 200
    assert line.startswith("/home/user/folder/")
    assert line.endswith("/model.npz cannot be read as a components file: it has no comp")


def test_several_paths_lose_their_middles():
    line = one_line(f"neither {'a' * 300} nor {'b' * 300} is there", 200)
    assert len(line) == 200
    assert line.startswith("neither aaaa")
    assert line.endswith("bbbb is there")


@pytest.mark.parametrize("length", [10, 50, 200])
def test_many_words_lose_the_middle_of_the_text(length):
    line = one_line("first " + "word " * 200 + "last", length)
    assert len(line) == length
    assert (line[:4], line[-3:]) == ("firs", "ast")
