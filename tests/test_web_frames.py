"""The newest picture, and its JPEG."""

import io
import threading
import time

import numpy as np
import pytest
from page_renderer import number_in, picture
from PIL import Image
from waiting import PATIENCE_S

from renderer.web import Frames


def test_pictures_are_numbered_and_only_the_newest_is_kept():
    frames = Frames()
    assert frames.wait(timeout=0.0) == (0, None)
    for number in (1, 2, 3):
        frames.put(picture(number))
    number, image = frames.wait(after=1)
    assert (number, number_in(image)) == (3, 3)


def test_waiting_ends_with_the_next_picture():
    frames = Frames()
    frames.put(picture(1))
    threading.Timer(0.1, lambda: frames.put(picture(2))).start()
    began = time.monotonic()
    assert frames.wait(after=1, timeout=PATIENCE_S)[0] == 2
    assert 0.05 < time.monotonic() - began < 5.0


def test_waiting_ends_when_time_is_up():
    frames = Frames()
    frames.put(picture(1))
    assert frames.wait(after=1, timeout=0.01)[0] == 1


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4, 3), np.float32),
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_what_is_no_picture_is_refused(image):
    with pytest.raises(ValueError, match=r"uint8 \[H, W, 3\], not"):
        Frames().put(image)


def test_a_jpeg_shows_the_picture():
    y, x = np.mgrid[0:64, 0:96]
    image = np.stack([2 * x, 3 * y, x + y], -1).astype(np.uint8)
    frames = Frames()
    assert frames.jpeg() == (0, b"")
    frames.put(image)
    number, jpeg = frames.jpeg()
    read = np.asarray(Image.open(io.BytesIO(jpeg)), np.float32)
    assert number == 1
    assert np.sqrt(np.mean((read - image) ** 2)) < 2.0


def test_a_picture_is_encoded_once_however_many_ask():
    frames = Frames()
    frames.put(picture(1))
    threads = [threading.Thread(target=frames.jpeg) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert frames.encoded == 1
    frames.put(picture(2))
    assert (frames.jpeg()[0], frames.encoded) == (2, 2)


def test_listeners_hear_of_each_picture_until_they_are_forgotten():
    frames, numbers = Frames(), []

    def listener():
        numbers.append(frames.number)

    frames.listen(listener)
    frames.put(picture(1))
    frames.put(picture(2))
    frames.forget(listener)
    frames.put(picture(3))
    assert numbers == [1, 2]
