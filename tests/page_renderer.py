"""A real page in front of a fake renderer, and frames that show their own number."""

import threading
import time
from concurrent.futures import Future

import numpy as np

from core.commands import oscquery
from renderer.live.settings import AMOUNTS, DIALS
from renderer.outcome import Outcome
from renderer.web import Frames, WebServer
from renderer.web.status import PageStatus

SIZE = 128
BITS = 16
BAR = SIZE // BITS
CLASSES = ["goldfish, Carassius auratus", "jellyfish", "volcano", "daisy", "crane", "crane", "sea lion"]

DIRECTED = {"components": "patterns_gen_z.npz", "direction_count": 40, "directions": ["light", "", "waves"]}


def picture(number):
    """A picture with `number` in black and white bars, which JPEG does not blur into each other."""
    bits = (number >> np.arange(BITS)) & 1
    return np.repeat(np.repeat(bits * np.uint8(255), BAR)[None, :, None], SIZE, 0).repeat(3, 2).astype(np.uint8)


def number_in(image):
    """The number that a picture [H, W, 3] says."""
    bits = np.asarray(image)[SIZE // 2, BAR // 2 :: BAR, 0] > 127
    return int(bits @ (1 << np.arange(BITS)))


class _Instrument:
    """What the page sees of a FakeRenderer."""

    def __init__(self, fake):
        self._fake = fake

    def status(self):
        return PageStatus(**self._fake.status)

    def submit(self, command, progress, part):
        self._fake.parts[command.address] = part
        answer = Future()
        refusal = self._fake.execute(command.address, command.values)
        if isinstance(refusal, Future):
            refusal.add_done_callback(lambda done: answer.set_result(Outcome([], done.result())))
            return answer
        answer.set_result(Outcome([] if refusal else self._fake.replies.get(command.address, []), refusal))
        return answer

    def values(self):
        return self.status().values

    def choices(self):
        return self.status().choices

    def host_info(self):
        return oscquery.host_info("hallu on stage", 7770)

    def sound(self, key):
        return self._fake.sounds.get(key)


class FakeRenderer:
    """`status` may be changed; `asked` are the commands that came; `refuse` gives sentences by address, or futures.

    `replies` are those of commands, by address; `sounds` the WAV files that the page may fetch, by name; `parts` send
    what comes before the end of a command, by address.
    """

    def __init__(self, token=None):
        self.frames = Frames()
        self.status = {
            "model": "patterns",
            "conditions": {},
            "models": ["patterns", "glyphs"],
            "mode": "follow",
            "fps": 29.94,
            "dropped": 0,
            "busy": False,
            "playing": None,
            "classes": ["daisy", "volcano"],
            "class_ids": [3, 2],
            "class_weights": np.array([0.75, 0.25], np.float32),
            "class_names": CLASSES,
            "truncation": 0.6,
            "jitter": 0.4,
            "smooth": 0.3,
            "bpm": 120.0,
            "recording": False,
            "components": "",
            "direction_count": 0,
            "directions": [],
            "edits": [],
            "search_progress": None,
            "saved": "",
            "problem": "",
            "outputs": {},
            "amounts": {name: (0.5, arg.low, arg.high) for name, arg in AMOUNTS.items()},
            "preview": False,
            "bend_layers": [],
            "noisy": False,
            "transforms": {"zoom": (0.05, 2.0, 1.0), "hue": (-1.0, 1.0, 0.0)},
            "bends": {},
            "ranges": {name: (arg.low, arg.high) for name, arg in DIALS.items()},
            "images": True,
            "fade": 1.0,
            "server": "hallu on stage",
            "pitches": [32, 44],
            "values": {},
            "choices": {},
        }
        self.asked, self.refuse, self.delay_s = [], {}, 0.0
        self.replies, self.sounds, self.parts = {}, {}, {}
        self.page = WebServer(self.frames, _Instrument(self))
        self.url = self.page.start(token=token)
        self.site = self.url.partition("?")[0]
        self._ended = threading.Event()
        self._thread = None

    @property
    def port(self):
        return int(self.site.rstrip("/").rpartition(":")[2])

    def execute(self, address, values):
        time.sleep(self.delay_s)
        self.asked.append((address, values))
        if address in self.refuse:
            return self.refuse[address]
        word = address.rpartition("/")[2]
        if "value" in values and word in self.status:
            self.status[word] = values["value"]
        elif word == "edits":
            self.status["edits"] = values["edit"]
        elif word == "load_ganspace_components":
            self.status |= DIRECTED
        elif word == "bend":
            bends = {number: one for number, one in self.status["bends"].items() if number != values["number"]}
            new = {values["number"]: (values["layer"], values["transform"], values["amount"])}
            self.status["bends"] = bends | (new if values["transform"] else {})
        elif word == "fade":
            self.status["values"] = self.status["values"] | {address: [values["level"], values["seconds"]]}
        elif word == "mode":
            self.status["mode"] = values["name"]
        elif word == "classes":
            numbers = [int(one) for one in values["class"]]
            self.status |= {"classes": [CLASSES[one] for one in numbers], "class_ids": numbers}
        return ""

    def render(self, rate=50.0):
        """Put pictures from now on, numbered like the frames, until the fake ends."""
        self._thread = threading.Thread(target=self._render, args=(rate,), daemon=True)
        self._thread.start()
        self.frames.wait()

    def _render(self, rate):
        while not self._ended.wait(1 / rate):
            self.frames.put(picture(self.frames.number + 1))

    def end(self):
        self._ended.set()
        if self._thread:
            self._thread.join()
        self.page.stop()
