"""The slider of the patches, in a real Pd."""

import pytest

from pd import pd_running

PATCH = "#N canvas 0 0 400 200 12;\n#X obj 20 20 hallu-slider pitch 40 76 1 52;\n"


@pytest.mark.parametrize(("wanted", "shown"), [("50 60", [50, 60]), ("60 60", [59, 61])])
def test_the_knob_stays_on_the_slider_where_there_is_one_value_only(tmp_path, wanted, shown):
    # Pd draws the knob of a slider from 60 to 60 twenty million pixels away, and gives the window a scroll bar.
    with pd_running(tmp_path, PATCH) as pd:
        for name in ("pitch-is", *(f"{number}-slider" for number in range(1000, 1010))):
            pd.listen(name)
        pd.to("pitch-range", wanted)
        pd.to("pitch-set", "99")
        pd.wait("pitch-is", 60)
    assert [message[2:] for message in pd.heard if message[1] == "range"] == [shown]
