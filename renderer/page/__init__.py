"""The renderer in a browser: the newest picture, what is playing, and the main controls; nothing comes from outside."""

from renderer.page.frames import Frames
from renderer.page.server import Page

__all__ = ["Frames", "Page"]
