"""Write loops without sound: GIF or NPY. No frame is kept."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from core.files.file_urls import file_url

_GIF_CLOCK = Fraction(1, 100)


class Gif:
    """A GIF that loops forever, with a palette for each frame.

    Its clock ticks a hundred times per second: frames are shown for whole ticks that add up to the length of all.

    Raises:
        ValueError: there are more than 50 frames per second, which browsers do not show.
    """

    def __init__(self, path: Path, height: int, width: int, rate: Fraction, frames: int) -> None:
        import av

        if rate > 50:
            raise ValueError(f"a GIF can show at most 50 frames per second, not {float(rate):g}")
        self._rate, self._frames = rate, 0
        last = self._tick(frames) - self._tick(frames - 1)
        self._file = av.open(file_url(path), "w", format="gif", options={"loop": "0", "final_delay": str(last)})
        self._stream = self._file.add_stream("gif", rate=100)
        self._stream.width, self._stream.height, self._stream.pix_fmt = width, height, "pal8"
        self._stream.time_base = self._stream.codec_context.time_base = _GIF_CLOCK
        self._palettes = _palettes(height, width)

    def write(self, frame: np.ndarray) -> None:
        """See `Writer.write`."""
        import av

        coloured = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
        coloured.pts, coloured.time_base = self._tick(self._frames), _GIF_CLOCK
        self._frames += 1
        self._palettes.push(coloured)
        self._pull()

    def _tick(self, frame: int) -> int:
        return round(frame / self._rate / _GIF_CLOCK)

    def _pull(self) -> None:
        import av

        while True:
            try:
                frame = self._palettes.pull()
            except (av.BlockingIOError, av.EOFError):
                return
            self._file.mux(self._stream.encode(frame))

    def finish(self) -> None:
        """See `Writer.finish`."""
        self._palettes.push(None)
        self._pull()
        self._file.mux(self._stream.encode(None))
        self._file.close()

    def close(self) -> None:
        """See `Writer.close`."""
        self._file.close()


def _palettes(height: int, width: int) -> Any:
    """A filter graph rgb24 -> pal8: every frame gets its own 256 colours, so none has to wait for the others."""
    import av.filter

    graph = av.filter.Graph()
    source = graph.add_buffer(width=width, height=height, format="rgb24", time_base=_GIF_CLOCK)
    split, make, use = (
        graph.add("split"),
        graph.add("palettegen", "stats_mode=single"),
        graph.add("paletteuse", "new=1"),
    )
    source.link_to(split)
    split.link_to(use, 0, 0)
    split.link_to(make, 1, 0)
    make.link_to(use, 0, 1)
    use.link_to(graph.add("buffersink"))
    graph.configure()
    return graph


class Npy:
    """An array file, uint8 [frames, height, width, 3]; exactly `frames` frames must be written."""

    def __init__(self, path: Path, height: int, width: int, frames: int) -> None:
        self._array = np.lib.format.open_memmap(path, "w+", np.uint8, (frames, height, width, 3))
        self._frames = 0

    def write(self, frame: np.ndarray) -> None:
        """See `Writer.write`."""
        self._array[self._frames] = frame
        self._frames += 1

    def finish(self) -> None:
        """See `Writer.finish`."""
        self._array.flush()

    def close(self) -> None:
        """See `Writer.close`."""
        del self._array
