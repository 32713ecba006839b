"""A family of foley models that only exists in tests: a tone that is as high as the pictures are light.

`tiny_foley.json` holds {"loudness": L, "takes_s": S}: the tone's peak is L times the change from picture to picture,
plus 0.01; each part takes S seconds to make.
"""

import json
import time

import numpy as np

from core.families import Family, FoleyDescription

FILE, RATE, PART_S = "tiny_foley.json", 8000, 0.25


def hertz(light):
    """The tone for pictures whose mean is `light`, 0..1."""
    return 200.0 + 600.0 * light


class TinyFoley:
    sample_rate, seconds, classes = RATE, 2.0, ("low", "high")

    def __init__(self, folder):
        values = read(folder)
        self.name, self.folder, self._values = folder.name, folder, values
        self.asked = []

    def stream(self, frames, fps, *, seconds=None, classes=None, temperature=1.0, top_k=None, seed=0, progress=None):
        frames = np.asarray(list(frames))
        seconds = len(frames) / fps if seconds is None else seconds
        self.asked.append({"frames": frames, "classes": classes, "temperature": temperature, "seed": seed})
        parts = int(np.ceil(seconds / PART_S))
        phase = 0.0
        for part in range(parts):
            if progress:
                progress(part, parts)
            time.sleep(self._values["takes_s"])
            first, last = (int((part + more) * PART_S * fps + 1e-6) for more in (0, 1))
            seen = frames[np.arange(first, max(last, first + 1)) % len(frames)].astype(float) / 255.0
            change = np.abs(np.diff(seen, axis=0)).mean() if len(seen) > 1 else 0.0
            count = round(min(PART_S, seconds - part * PART_S) * RATE)
            turns = phase + hertz(seen.mean()) * np.arange(count + 1) / RATE
            phase = turns[-1]
            yield ((0.01 + self._values["loudness"] * change) * np.sin(2 * np.pi * turns[:-1])).astype(np.float32)

    def generate(self, frames, fps, **options):
        return np.concatenate(list(self.stream(frames, fps, **options)))


def write(folder, loudness=1.0, takes_s=0.0):
    folder.mkdir(parents=True)
    (folder / FILE).write_text(json.dumps({"loudness": loudness, "takes_s": takes_s}))
    return folder


def read(folder):
    return json.loads((folder / FILE).read_text())


FAMILY = Family(
    name="tiny_foley",
    kind="foley",
    folder="tiny_foley",
    contents=FILE,
    detect=lambda folder: (folder / FILE).is_file(),
    describe=lambda folder: FoleyDescription(folder.name, TinyFoley.seconds, TinyFoley.classes),
    load=lambda folder, **options: TinyFoley(folder),
    check=read,
    checksum=lambda folder: "0",
)
