"""Frames as the classifiers of photographs take them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from core import checks

if TYPE_CHECKING:
    from PIL.Image import Image

SIZE = 224
_SHORT_EDGE = 256
# Of ImageNet, for red, green and blue in 0..1.
_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)
# Of BN-Inception, for blue, green and red in 0..255.
_BLUE_GREEN_RED = np.array([104, 117, 128], np.float32)
_STILL = 128.0
# A picture much longer than wide would be scaled to a very large one.
_LONGEST_SIDES = 64


def for_resnet(frame: np.ndarray) -> np.ndarray:
    """A frame uint8 [height, width, 3] as ResNet-50 takes it, float32 [224, 224, 3]."""
    return (cropped(frame).astype(np.float32) / np.float32(255) - _MEAN) / _DEVIATION


def for_bn_inception(frame: np.ndarray) -> np.ndarray:
    """A frame uint8 [height, width, 3] as BN-Inception takes it, float32 [224, 224, 3]: blue, green, red."""
    return _scaled(_picture(frame))[..., ::-1].astype(np.float32) - _BLUE_GREEN_RED


def for_bn_inception_flow(across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Pictures of motion, each uint8 [height, width], 128 where nothing moves: float32 [224, 224, 2]."""
    from PIL import Image

    planes = [_scaled(Image.fromarray(plane)) for plane in (across, down)]
    return np.stack(planes, axis=-1).astype(np.float32) - np.float32(_STILL)


def cropped(frame: np.ndarray) -> np.ndarray:
    """The middle square of a frame whose short edge is scaled to 256 pixels, as torchvision does it with Pillow.

    Returns:
        uint8 [224, 224, 3].
    """
    from PIL import Image

    picture = _picture(frame)
    width, height = picture.size
    # The long edge is cut off to a whole number.
    if width <= height:
        size = _SHORT_EDGE, int(_SHORT_EDGE * height / width)
    else:
        size = int(_SHORT_EDGE * width / height), _SHORT_EDGE
    scaled = picture if picture.size == size else picture.resize(size, Image.Resampling.BILINEAR)
    left, top = (round((edge - SIZE) / 2) for edge in size)
    return np.asarray(scaled.crop((left, top, left + SIZE, top + SIZE)))


def stacked(frames: Sequence[np.ndarray], batch: int) -> np.ndarray:
    """Inputs as one batch, the last one repeated where there are fewer."""
    return np.stack([*frames, *[frames[-1]] * (batch - len(frames))])


def _scaled(picture: "Image") -> np.ndarray:
    from PIL import Image

    return np.asarray(picture.resize((SIZE, SIZE), Image.Resampling.BILINEAR))


def _picture(frame: np.ndarray) -> "Image":
    from PIL import Image

    checks.shape("frame", frame, ("height", "width", 3))
    short, long = sorted(frame.shape[:2])
    if not 0 < long <= _LONGEST_SIDES * short:
        raise checks.mismatch("frame", f"be at most {_LONGEST_SIDES} times as long as wide", list(frame.shape[:2]))
    return Image.fromarray(np.asarray(frame, np.uint8))
