"""The sinks there are, by the names that users type."""

from renderer.sinks.camera import CameraSink
from renderer.sinks.ndi import NdiSink
from renderer.sinks.sink import PictureSink
from renderer.sinks.spout import SpoutSink
from renderer.sinks.syphon import SyphonSink

CLASSES: dict[str, type[PictureSink]] = {
    "camera": CameraSink,
    "ndi": NdiSink,
    "spout": SpoutSink,
    "syphon": SyphonSink,
}
