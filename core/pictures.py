"""Read picture files as pixels (Pillow), in no more memory than a bound allows."""

from pathlib import Path
from typing import TYPE_CHECKING

from core.files import unreadable
from core.files.regular import open_regular

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")
MOST_PIXELS = 1 << 26


def read(path: Path) -> "Image":
    """The picture of a file, RGB, upright as its metadata says.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not a picture, is damaged, or has more than 2 ** 26 pixels; the message does not name it.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    with open_regular(path) as file:
        try:
            with Image.open(file) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise ValueError(f"it has {image.width} x {image.height} pixels, more than {MOST_PIXELS}")
                return ImageOps.exif_transpose(image).convert("RGB")
        except UnidentifiedImageError:
            words = "it is not of a kind that Pillow reads"
            raise ValueError(f"it is not a picture that can be read: {unreadable.reason(path, words)}") from None
        except Exception as error:  # damaged files raise nearly anything
            raise ValueError(f"it is not a picture that can be read: {error}") from None


def find(folder: Path) -> list[Path]:
    """The picture files of a folder, in the order of their names."""
    return sorted(one for one in folder.iterdir() if one.suffix.lower() in SUFFIXES and one.is_file())
