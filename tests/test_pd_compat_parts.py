"""What the drop-in is made of: lists without their last zeros, arrays as edits, the sequencer's steps. No server."""

import numpy as np
import pytest

from pd import PD, pd_running, with_object

COMPAT = (PD / "compat",)
SETTINGS = ["interp_steps", "sample_spacing", "start_trim", "attack", "sustain", "release"]


def running(tmp_path, creation, outlets):
    return pd_running(tmp_path, with_object(creation, outlets=outlets, arrays=("edits", "more")), paths=COMPAT)


def said(pd, message):
    """All that comes out, at once: [outlet, word...]."""
    start = len(pd.heard)
    pd.say(message)
    pd.to("report", "all")
    pd.wait("all")
    return pd.heard[start:-1]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("list 1 0 -0.5 0 0 0", [1, 0, -0.5]),
        ("list 0 0 0 0 0 5", [0, 0, 0, 0, 0, 5]),
        ("list 0 0 0", []),
        ("list 0", []),
        ("list 7", [7]),
        ("bang", []),
    ],
)
def test_the_zeros_at_the_end_are_dropped(tmp_path, before, after):
    with running(tmp_path, "drop-zeros", 1) as pd:
        assert said(pd, "list 3 2 1") == [[0, 3, 2, 1]]
        assert said(pd, before) == [[0, *after]]


def test_thousands_of_zeros_are_dropped_in_no_time(tmp_path):
    with running(tmp_path, "course-edits", 2) as pd:
        pd.to("edits", "resize 8192")
        pd.to("edits", "0 0.5 -1")
        assert said(pd, "edits") == [[0, 0.5, -1]]


def test_arrays_and_numbers_become_one_list(tmp_path):
    with running(tmp_path, "course-edits", 2) as pd:
        pd.to("edits", "0 1 0.5 0 -0.5")
        assert said(pd, "list 2 edits 3 0") == [[0, 2, 1, 0.5, 0, -0.5, 0, 0, 0, 3]]
        assert said(pd, "list edits nowhere") == [[1, "there is no array nowhere"]]
        assert said(pd, "bang") == [[0]]


def test_each_sound_becomes_a_request_of_its_own(tmp_path):
    with running(tmp_path, "course-noz", 2) as pd:
        pd.to("edits", "0 1 0.5 0 -0.5")
        assert said(pd, "list s1 52 edits -- s2 55 1 -- s3 60") == [
            [0, "synthesize_noz", "s1", 52, 1, 0.5, 0, -0.5],
            [0, "synthesize_noz", "s2", 55, 1],
            [0, "synthesize_noz", "s3", 60],
        ]


def test_sounds_without_edits_take_the_array_of_the_object(tmp_path):
    patch = with_object("course-noz", outlets=2, arrays=("edits",))
    patch += "#X obj 400 20 r mine;\n#X connect 7 0 1 1;\n"
    with pd_running(tmp_path, patch, paths=COMPAT) as pd:
        pd.to("edits", "0 0 2")
        pd.to("mine", "symbol edits")
        first, second = said(pd, "list s1 52 -- s2 55 1")
        assert first == [0, "synthesize_noz", "s1", 52, 0, 2]
        assert second == [0, "synthesize_noz", "s2", 55, 1]


@pytest.mark.parametrize("message", ["s", "list s 52 --", "list s 52 -- s2", "bang"])
def test_a_sound_that_is_not_complete_stops_all(tmp_path, message):
    with running(tmp_path, "course-noz", 2) as pd:
        assert said(pd, message) == [[1, "synthesize_noz takes SOUND PITCH and edits for each sound"]]


def test_a_missing_array_stops_all_sounds(tmp_path):
    with running(tmp_path, "course-noz", 2) as pd:
        assert said(pd, "list s1 52 1 -- s2 55 nowhere") == [[1, "there is no array nowhere"]]
        assert said(pd, "list s1 52 1") == [[0, "synthesize_noz", "s1", 52, 1]]


@pytest.fixture
def steps(tmp_path):
    """The sequencer over the array `edits` of seven values."""
    with running(tmp_path, "course-steps edits", 3) as pd:
        yield pd


def place(pd):
    state = said(pd, "send_state")
    return state[0][3], state[1][3]


def draw(pd, *values):
    pd.to("edits", "const 0")
    pd.to("edits", " ".join(map(str, (0, *values))))


def draw_three(pd):
    """Steps whose third values are 1, 2 and 3; the last one is shown."""
    draw(pd, 0, 0, 1)
    for value in (2, 3):
        said(pd, "add_step")
        draw(pd, 0, 0, value)


def test_the_state_is_told_as_the_course_tells_it(steps):
    values = [1, 0.2, 0, 0.5, 0.5, 0.5]
    settings = [[0, "settings", name, value] for name, value in zip(SETTINGS, values, strict=True)]
    assert said(steps, "send_state") == [[0, "step", "index", 0], [0, "step", "count", 1], *settings]


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_is_updated(steps, name):
    assert said(steps, f"{name} 3") == [[0, "updated"]]
    changed = [message for message in said(steps, "send_state") if message[-1] == 3]
    assert changed == [[0, "settings", name, 3]]


def test_a_negative_number_of_steps_is_none(steps):
    said(steps, "interp_steps -2")
    assert [0, "settings", "interp_steps", 0] in said(steps, "send_state")


def test_a_new_step_is_a_copy_behind_the_last_one(steps):
    draw(steps, 1, 2)
    assert said(steps, "add_step") == [[0, "updated"]]
    assert place(steps) == (1, 2)
    assert steps.array("edits").tolist() == [1, 2, 0, 0, 0, 0, 0]
    draw(steps, 5)
    said(steps, "prev_step")
    said(steps, "add_step")
    assert place(steps) == (2, 3)
    assert steps.array("edits").tolist() == [1, 2, 0, 0, 0, 0, 0]


def test_going_round_keeps_what_was_drawn(steps):
    draw_three(steps)
    shown = []
    for message in ("next_step", "next_step", "next_step", "prev_step", "prev_step", "prev_step"):
        assert said(steps, message) == [[0, "updated"]]
        shown.append((place(steps)[0], steps.array("edits")[2]))
    assert shown == [(0, 1), (1, 2), (2, 3), (1, 2), (0, 1), (2, 3)]


def test_removing_leaves_the_last_step_alone(steps):
    draw(steps, 1)
    said(steps, "add_step")
    draw(steps, 2)
    assert said(steps, "remove_step") == [[0, "updated"]]
    assert place(steps) == (0, 1) and steps.array("edits")[0] == 1
    draw(steps, 7)
    assert said(steps, "remove_step") == [[0, "updated"]]
    assert place(steps) == (0, 1) and steps.array("edits")[0] == 7


def test_a_step_in_the_middle_is_removed_and_the_next_one_shown(steps):
    draw_three(steps)
    said(steps, "prev_step")
    said(steps, "remove_step")
    assert place(steps) == (1, 2) and steps.array("edits")[2] == 3


def test_the_path_has_all_steps_in_one_width(steps):
    draw(steps, 1, -0.1)
    said(steps, "add_step")
    draw(steps, 0, 0, 0.25)
    said(steps, "attack 0.1")
    ((outlet, *path),) = said(steps, "path")
    assert outlet == 1
    assert path == [1, 0.2, 0, 0.1, 0.5, 0.5, 3, 1, -0.1, 0, 0, 0, 0.25]


def test_a_path_of_zeros_is_not_empty(steps):
    assert said(steps, "path") == [[1, 1, 0.2, 0, 0.5, 0.5, 0.5, 1, 0]]


def test_the_edits_of_a_step_are_kept_bit_by_bit(steps):
    steps.to("edits", "0 0.1 -2.3456789 3.1415927")
    before = steps.array("edits")
    said(steps, "add_step")
    draw(steps, 1)
    said(steps, "prev_step")
    assert np.array_equal(steps.array("edits"), before)


def test_a_missing_array_gives_an_empty_path(tmp_path):
    with running(tmp_path, "course-steps nowhere", 3) as pd:
        assert said(pd, "path") == [[1]]
        assert said(pd, "add_step") == [[0, "updated"]]


def test_what_is_not_the_sequencers_passes(steps):
    assert said(steps, "synthesize_noz s 52 edits") == [[2, "synthesize_noz", "s", 52, "edits"]]
