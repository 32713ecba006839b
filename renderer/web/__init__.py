"""The renderer in a browser: the newest frame, what is playing, and the main controls; no foreign content."""

from renderer.web.frames import Frames
from renderer.web.server import WebServer

__all__ = ["Frames", "WebServer"]
