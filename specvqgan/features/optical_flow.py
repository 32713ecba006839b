"""Pictures of the motion in a film, as RegNet's extraction makes them, which SpecVQGAN's features of motion are of.

Each frame is brought to 340 x 256 pixels and made grey; OpenCV's TV-L1 (Zach, Pock and Bischof, 2007) finds how far
each pixel moves to the next frame; -20..20 pixels become 0..255.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from core.nn.engine import thread_count

SIZE = 340, 256
BOUND = 20.0
INSTALL = "pip install 'hallu[motion]'"


def pictures(frames: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """The motion from each frame to the next, uint8 [256, 340, 3]: across, down, nothing; 128 where nothing moves.

    Args:
        frames: each uint8 [height, width, 3]. A frame that is repeated as the same array does not move.

    Raises:
        ValueError: there is one frame only, or none; or OpenCV with its further modules is not installed.
    """
    cv2 = _opencv()
    cv2.setNumThreads(thread_count())
    method = cv2.optflow.DualTVL1OpticalFlow_create()
    still = _picture(np.zeros((*SIZE[::-1], 2), np.float32))
    before, last, count = None, None, 0
    for frame in frames:
        count += 1
        if frame is last:
            yield still
            continue
        grey = cv2.cvtColor(cv2.resize(np.asarray(frame, np.uint8), SIZE), cv2.COLOR_RGB2GRAY)
        if before is not None:
            yield _picture(method.calc(before, grey, None))
        before, last = grey, frame
    if count < 2:
        raise ValueError(f"there is no motion in {count} frames; it takes 2")


def _picture(flow: np.ndarray) -> np.ndarray:
    """Motion in pixels [height, width, 2] as a picture."""
    scaled = np.rint((np.clip(flow, -BOUND, BOUND) + BOUND) * (255 / (2 * BOUND))).astype(np.uint8)
    return np.concatenate([scaled, np.zeros_like(scaled[..., :1])], axis=-1)


def _opencv() -> Any:
    try:
        # The package without these modules has the same name.
        import cv2
        import cv2.optflow
    except ImportError:
        raise ValueError(f"optical flow is computed by OpenCV's further modules: {INSTALL}") from None
    return cv2
