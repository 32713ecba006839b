"""Read picture files as pixels (Pillow), in no more memory than a bound allows."""

from pathlib import Path
from typing import TYPE_CHECKING

from core.files import unreadable
from core.files.regular import open_regular

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")
# Whatever a file is called: for EPS, Pillow would start another program.
_KINDS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM", "TGA")
MOST_PIXELS = 1 << 26
_BYTE = 255


def read(path: Path) -> "Image":
    """The picture of a file, RGB, upright as its metadata says; of several, the first.

    What is transparent is white. Greys of 16 bits, or of numbers in 0..1, become greys of 8.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not a picture, is damaged, or has more than 2 ** 26 pixels; the message does not name it.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    with open_regular(path) as file:
        try:
            with Image.open(file, formats=_KINDS) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise ValueError(f"it has {image.width} x {image.height} pixels, more than {MOST_PIXELS}")
                return _flat(_of_bytes(ImageOps.exif_transpose(image)))
        except UnidentifiedImageError:
            words = "it is not of a kind that Pillow reads"
            raise ValueError(f"it is not a picture that can be read: {unreadable.reason(path, words)}") from None
        except Exception as error:  # damaged files raise nearly anything
            raise ValueError(f"it is not a picture that can be read: {error}") from None


def _of_bytes(image: "Image") -> "Image":
    """A picture of 8 bits: Pillow itself makes a larger grey white, and a part of one black."""
    import numpy as np
    from PIL import Image

    if image.mode not in ("I", "F") and not image.mode.startswith("I;16"):
        return image
    values = np.nan_to_num(np.asarray(image, np.float32))
    parts = image.mode == "F" and values.max() <= 1.0
    scale = 255.0 if parts else 1.0 if values.max() <= _BYTE and image.mode == "F" else 1.0 / 257.0
    return Image.fromarray(np.clip(np.round(values * scale), 0, _BYTE).astype(np.uint8))


def _flat(image: "Image") -> "Image":
    """A picture without transparency, RGB; what is under a transparent pixel may be anything."""
    from PIL import Image

    if "A" not in image.getbands() and "transparency" not in image.info:
        return image.convert("RGB")
    seen = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", seen.size, "white"), seen).convert("RGB")


def find(folder: Path) -> list[Path]:
    """The picture files of a folder, in the order of their names, without hidden ones."""
    named = (one for one in folder.iterdir() if one.suffix.lower() in SUFFIXES and not one.name.startswith("."))
    return sorted(filter(Path.is_file, named))
