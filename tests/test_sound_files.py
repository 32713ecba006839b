"""Sound files as people have them: headers that lie, files that break off, formats that change on the way."""

from pathlib import Path

import pytest

from core.audio import sound_files

FOUND = Path(__file__).parent / "data" / "found" / "audio"


# The header of the one counts a cover image as sound; the other breaks off after half of what its header claims.
@pytest.mark.parametrize(
    ("name", "least", "most"), [("c_ape_cover", 132000, 135000), ("b_broken_off_xing", 61000, 63000)]
)
def test_a_file_has_the_samples_that_are_in_it_not_those_that_its_header_claims(name, least, most):
    assert least < len(sound_files.read(FOUND / f"{name}.mp3", 44100)) < most
