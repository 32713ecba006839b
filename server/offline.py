"""`hallu hallucinate`: a hallucination to a WAV file and a picture of it, without a server."""

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

import gansynth
from gansynth.conditions import Value, check
from gansynth.hallucination import Timing, key_times_s
from gansynth.hallucination import hallucinate as render
from server.checkpoints import locate
from server.delivery import write_wav
from server.quiet import import_tensorflow
from server.sound import check_hallucination

if TYPE_CHECKING:
    from gansynth.model import Model, Progress

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wish:
    """What to hallucinate.

    `times` are the seconds that were given, by name; `latents` replaces random key points; `conditions` are as in
    `Model.generate`.

    Raises:
        ValueError: the output is no .wav, or a number is out of range.
    """

    model: str
    out: Path
    notes: int = 5
    steps: int = 5
    times: dict[str, float] = field(default_factory=dict)
    pitch: int | None = None
    seed: int | None = None
    latents: Path | None = None
    conditions: dict[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.out.suffix.lower() != ".wav":
            raise ValueError(f"--out must end in .wav, not {self.out.name!r}")
        if self.notes < 1 or self.steps < 0:
            raise ValueError(f"--notes must be at least 1 and --steps at least 0, not {self.notes} and {self.steps}")
        if self.seed is not None and self.seed < 0:
            raise ValueError(f"--seed must not be negative, not {self.seed}")


def hallucinate(wish: Wish, models: tuple[Path, ...]) -> tuple[Path, Path]:
    """Write the WAV, and a PNG of the same name beside it; each is there whole or not at all.

    Returns:
        Both paths.

    Raises:
        FileNotFoundError: no such model or latents.
        ValueError: a value breaks a rule; the message says which.
        OSError: the output cannot be written.
    """
    folder = find_model(wish.model, models)
    config = gansynth.read_config(folder)
    check(config, wish.conditions)
    keys = (
        random_keys(wish, config.latent_size)
        if wish.latents is None
        else read_latents(wish.latents, config.latent_size)
    )
    timing, pitch = check_hallucination(config, len(keys), wish.steps, wish.times, wish.pitch)
    wish.out.parent.mkdir(parents=True, exist_ok=True)
    # All that can be wrong with the wish is found by now; what follows takes seconds.
    import_tensorflow()
    wave = _render(gansynth.load(folder), keys, wish, timing, pitch)
    picture = wish.out.with_suffix(".png")
    with _scratch(picture) as part:
        _draw(part, wave, config.sample_rate, key_times_s(len(keys), wish.steps, timing.spacing))
        write_wav(wish.out, wave, config.sample_rate)
        part.replace(picture)
    return wish.out, picture


def find_model(name: str, models: tuple[Path, ...]) -> Path:
    """A checkpoint by name among the models folders, or any folder by path.

    Raises:
        FileNotFoundError: neither is there.
    """
    folder = Path(name)
    return folder if folder.is_dir() and len(folder.parts) > 1 else _named(name, folder, models)


def _named(name: str, folder: Path, models: tuple[Path, ...]) -> Path:
    try:
        return locate(name, models)
    except FileNotFoundError:
        if folder.is_dir():
            return folder
        raise


def read_latents(path: Path, latent_size: int) -> np.ndarray:
    """Key points from an .npy file, float32 [n, latent].

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no array of finite numbers of that shape.
    """
    try:
        keys = np.asarray(np.load(path, allow_pickle=False), np.float32)
    except (ValueError, TypeError, EOFError) as error:
        raise ValueError(f"--latents {path} is no .npy array of numbers: {error}") from None
    if keys.ndim != 2 or keys.shape[1] != latent_size or not len(keys):
        raise ValueError(f"--latents {path} has shape {keys.shape}; the model needs [n, {latent_size}]")
    if not np.isfinite(keys).all():
        raise ValueError(f"--latents {path} holds values that are not finite")
    return keys


def random_keys(wish: Wish, latent_size: int) -> np.ndarray:
    """Key points [notes, latent] from the seed: those that the server draws after /sound/seed."""
    seed = secrets.randbelow(2**31) if wish.seed is None else wish.seed
    if wish.seed is None:
        log.info("--seed %d repeats this one", seed)
    return np.random.default_rng(seed).standard_normal((wish.notes, latent_size), np.float32)


def _render(model: "Model", keys: np.ndarray, wish: Wish, timing: Timing, pitch: int) -> np.ndarray:
    with _bar() as progress:
        return render(model, keys, wish.steps, timing, pitch, conditions=wish.conditions, progress=progress)


@contextmanager
def _bar() -> Iterator["Progress"]:
    with tqdm(desc="hallucinating", unit="note", leave=False) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield progress


def _draw(path: Path, *what: Any) -> None:
    from gansynth.picture import save_hallucination

    save_hallucination(path, *what)


@contextmanager
def _scratch(path: Path) -> Iterator[Path]:
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)
