"""MIDI learn in a real Pd: a controller moves the fader that learned it, in a saved patch too; the square to drag."""

import re
import shutil

import pytest

from pd import PD, escaped, pd_running

PATCH = """#N canvas 0 0 900 400 12;
#X obj 20 20 hallu-bar two 127.0.0.1 1;
#X obj 20 150 hallu-slider two-spacing 0 4 0 1;
#X obj 20 200 hallu-slider two-notes 1 20 1 5;
#X obj 20 250 hallu-slider other-notes 1 20 1 5;
#X obj 300 150 r two-spacing-is;
#X obj 300 180 list prepend spacing;
#X obj 300 210 s report;
#X obj 500 150 r two-notes-is;
#X obj 500 180 list prepend notes;
#X obj 500 210 s report;
#X connect 4 0 5 0;
#X connect 5 0 6 0;
#X connect 7 0 8 0;
#X connect 8 0 9 0;
"""


def learn(pd, fader, controller):
    """Switch learning on, touch a fader and move a controller (value, number, channel), as by hand."""
    for number in range(1000, 1100):
        pd.to(f"{number}-set-learn", "1")
    pd.to("hallu-touched", f"symbol {fader}")
    pd.to("#ctlin", controller)


@pytest.fixture
def pd(tmp_path):
    with pd_running(tmp_path, PATCH) as pd:
        yield pd


def test_a_controller_moves_the_fader_that_learned_it_over_its_whole_range(pd):
    learn(pd, "two-spacing", "21 64 1")
    for value, wanted in ((0, 0), (127, 4), (64, 2.02)):
        pd.to("#ctlin", f"21 {value} 1")
        assert pd.wait("spacing") == [pytest.approx(wanted, abs=0.01)]


def test_another_controller_or_channel_moves_nothing(pd):
    learn(pd, "two-spacing", "21 64 1")
    pd.to("#ctlin", "22 0 1")
    pd.to("#ctlin", "21 0 2")
    pd.to("#ctlin", "21 127 1")
    assert pd.wait("spacing") == [4]


def test_a_fader_of_another_patch_is_not_learned(pd):
    learn(pd, "other-notes", "21 64 1")
    learn(pd, "two-notes", "22 64 1")
    pd.to("#ctlin", "21 127 1")
    pd.to("#ctlin", "22 127 1")
    assert pd.wait("notes") == [20]


def test_a_fader_that_learns_again_forgets_the_controller_before(pd):
    learn(pd, "two-spacing", "21 64 1")
    learn(pd, "two-spacing", "22 64 1")
    pd.to("#ctlin", "21 127 1")
    pd.to("#ctlin", "22 0 1")
    assert pd.wait("spacing") == [0]


def test_what_was_learned_is_saved_with_the_patch(tmp_path):
    file = tmp_path / "my patch.pd"
    shutil.copytree(PD, tmp_path / "pd")
    file.write_text(PATCH)
    with pd_running(tmp_path / "first", file, paths=(tmp_path / "pd",)) as pd:
        learn(pd, "two-spacing", "21 64 1")
        pd.to(f"pd-{file.name}", f"savetofile {escaped(file.name)} {escaped(tmp_path)}")
        pd.to("report", "saved")
        pd.wait("saved")
    assert "#A saved" in file.read_text()
    with pd_running(tmp_path / "second", file, paths=(tmp_path / "pd",)) as pd:
        pd.to("#ctlin", "21 127 1")
        while pd.wait("spacing") != [4]:
            pass


def test_every_fader_of_every_patch_can_learn():
    for path in PD.glob("*.pd"):
        # Keys are no faders, and a meter sends nothing.
        names = re.findall(r"#X obj \d+ \d+ [hv]sl(?: \S+){6} (\S+) \S+\s", path.read_text().replace("\n", " "))
        if any(name != "empty" for name in names) and path.stem != "hallu-keyboard" and "-help" not in path.stem:
            learned = re.findall(r"r (\S+)-cc;", path.read_text())
            assert len(learned) >= sum(name != "empty" for name in names), path
            assert "s hallu-touched" in path.read_text(), path


def test_the_square_learns_a_controller_for_each_of_its_values(tmp_path):
    patch = PATCH.replace("hallu-slider two-spacing 0 4 0 1", "hallu-xy two").replace("two-spacing-is", "two-right")
    with pd_running(tmp_path, patch) as pd:
        learn(pd, "two-right", "21 64 1")
        pd.to("#ctlin", "21 32 1")
        while pd.wait("spacing") != [pytest.approx(32 / 127, abs=0.001)]:
            pass


def test_the_square_and_its_two_values_agree(tmp_path):
    with pd_running(tmp_path, "#N canvas 0 0 400 400 12;\n#X obj 20 20 hallu-xy two;\n") as pd:
        pd.listen("two-right")
        pd.listen("two-down")
        pd.to("two-set-right", "0.25")
        while pd.wait("two-right") != [pytest.approx(0.25)]:
            pass
        pd.to("two-set-down", "7")
        while pd.wait("two-down") != [1]:
            pass
        assert not [line for line in pd.errors() if "pointer" in line]
