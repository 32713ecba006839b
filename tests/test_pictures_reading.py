"""Picture files as pixels: upright, and never larger than a bound."""

import numpy as np
import pytest
from PIL import Image

from core import pictures


def test_a_picture_is_read_upright(tmp_path):
    pixels = np.zeros((4, 8, 3), np.uint8)
    pixels[:, :4] = 255
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(tmp_path / "a.png", exif=exif)
    found = np.asarray(pictures.read(tmp_path / "a.png"))
    assert found.shape == (8, 4, 3) and found[:4].all() and not found[4:].any()


def test_a_picture_that_unpacks_to_more_than_the_bound_is_refused(tmp_path, monkeypatch):
    Image.new("1", (100, 100)).save(tmp_path / "a.png")
    monkeypatch.setattr(pictures, "MOST_PIXELS", 9_999)
    with pytest.raises(ValueError, match="100 x 100 pixels, more than 9999"):
        pictures.read(tmp_path / "a.png")


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"GIF89a" + bytes(20)])
def test_what_is_not_a_picture_is_refused(tmp_path, content):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(ValueError, match="not a picture that can be read"):
        pictures.read(tmp_path / "a.png")
