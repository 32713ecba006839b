"""The renderer in a browser: the newest picture, what is playing, and the main controls; nothing comes from outside."""

from renderer.web.frames import Frames
from renderer.web.server import WebServer

__all__ = ["Frames", "WebServer"]
