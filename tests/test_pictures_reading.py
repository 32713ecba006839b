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


@pytest.mark.parametrize(
    ("name", "grey"),
    [
        ("a.png", np.uint16(0x4040)),
        ("a.tif", np.uint16(0x4040)),
        ("a.tiff", np.float32(0.25)),
        ("b.tif", np.int32(0x4040)),
    ],
)
def test_greys_of_many_bits_keep_their_brightness(tmp_path, name, grey):
    Image.fromarray(np.full((4, 4), grey)).save(tmp_path / name)
    assert (np.asarray(pictures.read(tmp_path / name)) == 64).all()


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_what_is_transparent_is_white(tmp_path, mode):
    Image.new("RGBA", (4, 4), (200, 0, 0, 0)).convert(mode).save(
        tmp_path / "a.tif" if mode == "PA" else tmp_path / "a.png"
    )
    assert (np.asarray(pictures.read(next(tmp_path.iterdir()))) == 255).all()


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


def test_what_another_system_hides_beside_a_picture_is_not_one(tmp_path):
    Image.new("L", (4, 4)).save(tmp_path / "a.png")
    (tmp_path / "._a.png").write_bytes(b"\0\5\x16\7")
    assert [path.name for path in pictures.find(tmp_path)] == ["a.png"]


def test_a_picture_that_another_program_would_have_to_draw_is_refused(tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr("subprocess.check_call", lambda *given, **more: started.append(given))
    (tmp_path / "a.png").write_bytes(
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n%%EOF\n"
    )
    with pytest.raises(ValueError, match="not a picture that can be read"):
        pictures.read(tmp_path / "a.png")
    assert not started
