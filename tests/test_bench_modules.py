"""Every measuring script can be imported without what it compares with, and says what it does."""

import runpy
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# These two are made of Magenta's classes.
MAGENTA = {"bench.magenta_losses", "bench.magenta_side"}
FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): path.read_text()
    for path in sorted((ROOT / "bench").rglob("*.py"))
}
SCRIPTS = {name for name, text in FILES.items() if '__name__ == "__main__"' in text} - MAGENTA
PARTS = FILES.keys() - SCRIPTS - MAGENTA


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_a_script_explains_itself(name, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [name, "--help"])
    monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises(SystemExit) as ended:
        runpy.run_module(name, run_name="__main__")
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("usage: ")


@pytest.mark.parametrize("name", sorted(PARTS))
def test_a_part_can_be_imported(name):
    __import__(name)
