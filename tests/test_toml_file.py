"""TOML from anybody: in proportion to its length."""

import pytest

from core.formats import toml_file


def test_keys_with_few_dots_and_long_lists_of_numbers_are_read():
    numbers = ", ".join(f"{number}.5" for number in range(2000))
    found = toml_file.parse(f"# {'.' * 100}\na.b.c = [{numbers}]\nd = '{'Two words. ' * 100}'\n")
    assert len(found["a"]["b"]["c"]) == 2000


@pytest.mark.parametrize("form", ["{} = 1", "[{}]", "x = {{{} = 1}}", "[[{}]]", " {}  =  1"])
def test_a_key_with_many_dots_is_refused(form):
    with pytest.raises(ValueError, match="a key has more than 32 dots"):
        toml_file.parse(form.format(" . ".join(["a"] * 20_000)))


@pytest.mark.parametrize("text", ["a = " + "[" * 50_000, "a = " + "9" * 5000, "a = 1\na = 2", "x" * 2_000_000])
def test_other_text_without_bounds_is_refused(text):
    with pytest.raises(ValueError):
        toml_file.parse(text)
