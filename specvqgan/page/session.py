"""What one page works on: a clip, the sound that is being sampled, and the last one."""

import dataclasses
import json
import logging
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core import checks, errors
from core.audio import wav
from core.files import atomic
from core.files.unused_names import unused
from specvqgan.foley import windows
from specvqgan.foley.model import Foley
from specvqgan.page import clip as clips
from specvqgan.page import drawing
from specvqgan.page.clip import Clip

log = logging.getLogger(__name__)

SHORTEST_S, LONGEST_S = 0.5, 60.0
_MOST_NAME = 40


class _Cancelled(Exception):  # noqa: N818 - not an error: somebody asked for it
    pass


@dataclass(frozen=True)
class Wish:
    """What is to be sampled.

    Attributes:
        classes: a class's name; None: the pictures decide.
        temperature: see `Foley.codes`.
        top_k: likewise.
        seed: likewise.
        seconds: of the sound.
        prime: whether it begins with the first half window of the clip's own codes.
    """

    classes: str | None
    temperature: float
    top_k: int
    seed: int
    seconds: float
    prime: bool


@dataclass(frozen=True, eq=False)
class Sample:
    """A sound that was sampled.

    Attributes:
        number: counts them.
        wish: what was asked for.
        clip: the clip's name; "": there was none.
        codes: int [rows, columns].
        primed: how many of the columns were given.
        mel: float32 [mels, frames].
        wave: float32 [samples].
    """

    number: int
    wish: Wish
    clip: str
    codes: np.ndarray
    primed: int
    mel: np.ndarray
    wave: np.ndarray


class PageSession:
    """Methods may be called from any thread; one sound is sampled at a time."""

    def __init__(self, model: Foley, out: Path) -> None:
        """Work with a model; what is saved goes into the folder `out`."""
        self.model, self._out = model, out
        self._lock = threading.Lock()
        self._folder = tempfile.TemporaryDirectory(prefix="hallu-page-")
        self._clip: Clip | None = None
        self._sample: Sample | None = None
        self._thread: threading.Thread | None = None
        self._cancel, self._progress, self._error, self._saved, self._number = False, (0, 0), "", "", 0

    @property
    def folder(self) -> Path:
        """Where files that come in are kept."""
        return Path(self._folder.name)

    @property
    def busy(self) -> bool:
        """Whether a sound is being sampled."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def clip(self) -> Clip | None:
        """The clip."""
        return self._clip

    @property
    def sample(self) -> Sample | None:
        """The last sound."""
        return self._sample

    def state(self) -> dict[str, Any]:
        """What the page shows, as JSON takes it."""
        model, clip, sample = self.model, self._clip, self._sample
        done, total = self._progress
        return {
            "model": model.name,
            "classes": list(model.classes),
            "needs_class": model.needs_class,
            "watches": model.watches,
            "codes": model.transformer.config.codes,
            "top_k": model.top_k,
            "seconds": round(model.seconds, 2),
            "busy": self.busy,
            "done": done,
            "total": total,
            "error": self._error,
            "saved": self._saved,
            "clip": clip and {"name": clip.name, "seconds": round(clip.seconds, 2), "columns": clip.codes.shape[1]},
            "sample": sample and _described(sample, model),
        }

    def open(self, path: Path, name: str) -> None:
        """Work with a film from now on.

        Raises:
            ValueError: it has no pictures, or a sound is being sampled.
            OSError: it cannot be read.
        """
        found = clips.read(path, name, self.model)
        with self._lock:
            self._refuse_busy()
            before, self._clip, self._error = self._clip, found, ""
        if before and before.path != path:
            before.path.unlink(missing_ok=True)

    def close_clip(self) -> None:
        """Work without a film."""
        with self._lock:
            self._refuse_busy()
            before, self._clip = self._clip, None
        if before:
            before.path.unlink(missing_ok=True)

    def start(self, values: Mapping[str, Any]) -> None:
        """Begin to sample.

        Raises:
            ValueError: a value breaks a rule, there is no clip where one is needed, or one is being sampled.
        """
        wish = self._wish(values)
        with self._lock:
            self._refuse_busy()
            self._cancel, self._progress, self._error, self._saved = False, (0, 0), "", ""
            self._thread = threading.Thread(target=self._run, args=(wish, self._clip), name="sample", daemon=True)
            self._thread.start()

    def cancel(self) -> None:
        """Let what is being sampled end."""
        self._cancel = True

    def wait(self, timeout_s: float) -> None:
        """Wait until nothing is being sampled."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    def save(self) -> list[Path]:
        """Write the last sound as a WAV, its spectrogram as a PNG, and its codes and how it was made as JSON.

        Raises:
            ValueError: there is none.
            OSError: they cannot be written.
        """
        sample = self._sample
        if sample is None:
            raise ValueError("nothing has been sampled yet")
        atomic.check_folder(self._out)
        # A file's name may have 255 bytes.
        stem = (Path(sample.clip).stem or sample.wish.classes or "sample")[:_MOST_NAME]
        path = unused(self._out / f"{''.join(each if each.isalnum() else '_' for each in stem)}.wav", [".png", ".json"])
        wav.write(path, sample.wave, self.model.sample_rate)
        atomic.write_bytes(path.with_suffix(".png"), drawing.spectrogram_png(sample.mel))
        made = {"model": self.model.name, "clip": sample.clip, **dataclasses.asdict(sample.wish)}
        atomic.write_text(path.with_suffix(".json"), json.dumps({**made, "codes": sample.codes.tolist()}) + "\n")
        self._saved = path.name
        return [path, path.with_suffix(".png"), path.with_suffix(".json")]

    def close(self) -> None:
        """Stop sampling, and delete what came in."""
        self.cancel()
        self.wait(10.0)
        self._folder.cleanup()

    def _refuse_busy(self) -> None:
        if self.busy:
            raise ValueError("a sound is being sampled; wait for it, or cancel it")

    def _wish(self, values: Mapping[str, Any]) -> Wish:
        model, clip = self.model, self._clip
        classes = values.get("class") or None
        if classes is not None and not isinstance(classes, str):
            raise checks.mismatch("class", "be a name", classes)
        model.class_number(classes)
        if model.watches and clip is None:
            raise ValueError("this model follows pictures: load a clip first")
        usual = min(LONGEST_S, max(SHORTEST_S, clip.seconds if clip else model.seconds))
        wish = Wish(
            classes,
            checks.in_range("temperature", checks.number("temperature", values.get("temperature", 1.0)), 0.0, 10.0),
            checks.whole("top_k", values.get("top_k", model.top_k), 1, model.transformer.config.codes),
            checks.whole("seed", values.get("seed", 0), 0, 2**53),
            checks.in_range(
                "seconds", checks.number("seconds", values.get("seconds", usual)), SHORTEST_S, LONGEST_S, "s"
            ),
            checks.of_kind("prime", values.get("prime", False), bool),
        )
        if wish.prime and (clip is None or clip.codes.shape[1] < windows.half(model.transformer.config.columns)):
            raise ValueError("only a clip with a sound of its own, half a window long, can prime")
        return wish

    def _run(self, wish: Wish, clip: Clip | None) -> None:
        begun_s = time.monotonic()
        try:
            self._sample = self._sampled(wish, clip)
            log.info("sampled %.1f s in %.1f s", wish.seconds, time.monotonic() - begun_s)
        except _Cancelled:
            self._error = "cancelled"
        except (ValueError, OSError) as error:
            self._error = errors.sentence(error)
        except Exception as error:
            log.exception("sampling failed")
            self._error = f"internal error: {error}"

    def _sampled(self, wish: Wish, clip: Clip | None) -> Sample:
        model, half = self.model, windows.half(self.model.transformer.config.columns)
        start = clip.codes[:, :half] if clip and wish.prime else None
        grids = list(
            model.codes(
                clip.frames() if clip else [],
                clips.FPS,
                seconds=wish.seconds,
                classes=wish.classes,
                temperature=wish.temperature,
                top_k=wish.top_k,
                seed=wish.seed,
                start=start,
                progress=self._passed,
            )
        )
        columns = model.transformer.config.columns
        codes = np.concatenate([grids[0], *(grid[:, columns - half :] for grid in grids[1:])], axis=1)
        wave = np.concatenate(list(model.sound(grids, lambda: wish.seconds * model.sample_rate)))
        # The last window is longer than what is asked for; what is seen is what is heard.
        frames = -(-len(wave) // model.vocoder.config.hop)
        mel = np.concatenate(list(model.spectrogram(grids)), axis=1)[:, :frames]
        codes = codes[:, : -(-frames // model.codebook.config.stride)]
        primed = 0 if start is None else min(start.shape[1], codes.shape[1])
        self._number += 1
        return Sample(self._number, wish, clip.name if clip else "", codes, primed, mel, wave)

    def _passed(self, done: int, total: int) -> None:
        self._progress = (done, total)
        if self._cancel:
            raise _Cancelled


def _described(sample: Sample, model: Foley) -> dict[str, Any]:
    return {
        "number": sample.number,
        "seconds": round(len(sample.wave) / model.sample_rate, 3),
        "rate": model.sample_rate,
        "codes": sample.codes.tolist(),
        "primed": sample.primed,
        "bits": model.codebook.config.bits,
        "wish": dataclasses.asdict(sample.wish),
        "clip": sample.clip,
    }
