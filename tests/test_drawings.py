"""Drawings to train on."""

import numpy as np
import pytest

from renderer.training import drawings, image_folder


@pytest.mark.parametrize("name", drawings.DRAWINGS)
def test_each_number_gives_its_own_image_with_detail(name):
    one, again, other = (drawings.draw(name, number, 32) for number in (0, 0, 1))
    assert one.shape == (32, 32, 3)
    assert np.array_equal(one, again)
    assert np.abs(one.astype(int) - other).mean() > 3
    assert one.std() > 10


def test_an_unknown_drawing_is_named():
    with pytest.raises(ValueError, match="there is no drawing 'sunrise'"):
        drawings.draw("sunrise", 0)


def test_a_folder_may_hold_images_of_one_kind(tmp_path):
    from PIL import Image

    Image.fromarray(drawings.draw("coral", 0, 32)).save(tmp_path / "one.png")
    read = image_folder.read(tmp_path, 16, classless=True)
    assert read.classes == ("",)
    assert read.images.shape == (1, 16, 16, 3)
    with pytest.raises(ValueError, match="no class folders"):
        image_folder.read(tmp_path, 16)
