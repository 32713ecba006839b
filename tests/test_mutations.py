"""Files of every format that is read, changed at random: read or refused by a sentence, never anything else.

A few changes of each; `python -m bench.reliability.mutations` makes 2000.
"""

import pytest

from bench.reliability.formats import all_formats
from bench.reliability.mutations import mutated

FORMATS, CHANGES = 75, 15


@pytest.fixture(scope="module")
def formats(tmp_path_factory):
    return list(all_formats(tmp_path_factory.mktemp("formats")))


@pytest.mark.filterwarnings("ignore::DeprecationWarning:pickletools")
@pytest.mark.parametrize("place", range(FORMATS))
def test_a_changed_file_is_read_or_refused_by_a_sentence(formats, place, tmp_path):
    path, file = formats[place].copy(tmp_path)
    data = file.read_bytes()
    for number in range(CHANGES):
        file.write_bytes(mutated(data, 10_000 + number))
        try:
            formats[place].read(path)
        except (ValueError, OSError) as error:
            assert str(error), formats[place].name


def test_every_format_is_tried(formats):
    assert len(formats) == FORMATS
