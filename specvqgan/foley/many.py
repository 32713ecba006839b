"""Sample sounds for many clips, in the folders that the original's evaluation expects, shared by processes.

    OUT/sample.json                            what they were sampled with
    OUT/cls_2/video_00003_sample_0.npy, .wav   of the third class's clip video_00003: spectrogram [mels, frames], sound

A run that was stopped goes on where it was; what a clip gets depends on its name and the seed alone.
"""

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

import specvqgan
from core import checks, worker_pool
from core.audio import sound_files, wav
from core.audio.sound_files import BadFileError
from core.files import atomic, made_with
from core.progress import Progress, ignore
from specvqgan import run_folder
from specvqgan.features import clip_files, feature_files, run_features
from specvqgan.features.clips import FRAMES_PER_S
from specvqgan.foley import windows
from specvqgan.foley.model import Foley
from specvqgan.mel import spectrogram

SETTINGS = "sample.json"
MODES = ("nopix", "half")
OnBadClip = Callable[[ValueError], None]


@dataclass(frozen=True)
class SampleSettings:
    """What decides the sounds of a clip.

    Attributes:
        model: folder of a model, or run of a transformer of the original's.
        vocoder: of such a run.
        features: ResNet-50's file, for such a run and films.
        samples: sounds for each clip.
        mode: nopix; or half: they begin with the first half of the codes of the clip's own sound.
        temperature: of the codes.
        top_k: likewise; None: the model's own.
        seed: likewise.
        engine: what computes the networks.
        precision: f32 or bf16.
    """

    model: Path
    vocoder: Path | None = None
    features: Path | None = None
    samples: int = 1
    mode: str = "nopix"
    temperature: float = 1.0
    top_k: int | None = None
    seed: int = 0
    engine: str = "openvino"
    precision: str = "f32"

    def __post_init__(self) -> None:
        checks.whole("samples", self.samples, 1, 1000)
        checks.one_of("mode", self.mode, MODES)
        checks.in_range("temperature", self.temperature, 0.0, 100.0)
        checks.whole("seed", self.seed, 0)

    def load(self) -> Foley:
        """The model."""
        return specvqgan.load_foley(
            self.model, vocoder=self.vocoder, features=self.features, engine=self.engine, precision=self.precision
        )

    def described(self) -> dict[str, object]:
        """What a folder of samples says about them."""
        found = {name: value for name, value in asdict(self).items() if name != "engine"}
        return {name: str(value) if isinstance(value, Path) else value for name, value in found.items()}


@dataclass(frozen=True)
class Source:
    """A clip.

    Attributes:
        path: a film, a folder of pictures, or a file of features.
        name: of the clip.
        target: the number of its class.
    """

    path: Path
    name: str
    target: int

    def place(self, number: int) -> Path:
        """Where its sample of this number goes, without the suffix."""
        return Path(f"cls_{self.target}") / f"{self.name}_sample_{number}"


def find(place: Path, classes: Sequence[str] = ()) -> list[Source]:
    """The clips in a folder and its subfolders: files of features (.pkl), if there are any; else films.

    Args:
        place: a film or a folder. The class of a clip is its folder's name (of features: the name above features_...).
        classes: their names in order; none: the names of the folders, sorted.

    Raises:
        FileNotFoundError: there is no such path.
        ValueError: there is no clip, it is of another class, or two would have the same samples.
    """
    files = _one_of_each(sorted(place.rglob(f"*{feature_files.SUFFIX}"))) if place.is_dir() else []
    films = [clip.source for clip in clip_files.find(place, "resnet50", FRAMES_PER_S)] if not files else []
    named = [(path, _class(path, place)) for path in files or films]
    known = {name: number for number, name in enumerate(classes or sorted({name for _, name in named}))}
    for path, name in named:
        if name not in known:
            raise ValueError(f"{path} is of the class {name!r}, which is not one of {', '.join(known)}")
    return _apart([Source(path, path.stem if path.is_file() else path.name, known[name]) for path, name in named])


def _apart(sources: Sequence[Source]) -> list[Source]:
    found: dict[Path, Source] = {}
    for source in sources:
        if (other := found.setdefault(source.place(0), source)) is not source:
            raise ValueError(f"{source.path} and {other.path} would have the same samples; rename one")
    return list(found.values())


def _one_of_each(files: Sequence[Path]) -> list[Path]:
    """Of a clip's files of several kinds of features the first; the others are found beside it."""
    return list({(_folder(path), path.name): path for path in reversed(files)}.values())[::-1]


def _folder(path: Path) -> Path:
    return path.parent.parent if path.parent.name.startswith("feature") else path.parent


def _class(path: Path, root: Path) -> str:
    folder = _folder(path)
    return folder.name if folder != root and root in folder.parents else root.name if root.is_dir() else "-"


def sample(
    sources: Sequence[Source], out: Path, settings: SampleSettings, *, jobs: int = 1, on_bad: OnBadClip,
    progress: Progress = ignore,
) -> int:  # fmt: skip
    """Write the samples of clips; those that are there already are left as they are.

    Args:
        sources: from `find`.
        out: folder of all samples.
        settings: see there.
        jobs: how many processes share the clips; each takes its share of the cores.
        on_bad: called with the error of each clip that cannot be read.
        progress: counts clips.

    Returns:
        For how many clips samples were written.

    Raises:
        FileNotFoundError, ValueError: the model cannot be loaded, or the folder has samples of other settings.
    """
    missing = [source for source in sources if _missing(source, out, settings)]
    prepare_folder(out, settings)
    done, written = len(sources) - len(missing), 0
    progress(done, len(sources))
    for outcome in _in_turn(missing, out, settings) if jobs == 1 else _shared(missing, out, settings, jobs):
        if outcome is not None:
            on_bad(outcome)
        done, written = done + 1, written + (outcome is None)
        progress(done, len(sources))
    return written


def prepare_folder(out: Path, settings: SampleSettings) -> None:
    """Note in a folder what its samples were made with, or check that it is the same.

    Raises:
        ValueError: it has samples of other settings; the message names the first difference.
        OSError: it cannot be written to.
    """
    made_with.note(out / SETTINGS, "samples", settings.described())


def _missing(source: Source, out: Path, settings: SampleSettings) -> bool:
    return not all((out / f"{source.place(number)}.wav").exists() for number in range(settings.samples))


def _in_turn(sources: Sequence[Source], out: Path, settings: SampleSettings) -> Iterator[ValueError | None]:
    model = settings.load() if sources else None
    for source in sources:
        assert model is not None
        yield _one(model, source, out, settings)


def _shared(sources: Sequence[Source], out: Path, settings: SampleSettings, jobs: int) -> Iterator[ValueError | None]:
    """The same in several processes, in the order in which clips are done."""
    yield from worker_pool.shared(_work, [(source, out) for source in sources], jobs, _begin, settings)


# What a process of `_shared` has: its model, and the settings.
_OWN: list[tuple[Foley, SampleSettings]] = []


def _begin(settings: SampleSettings) -> None:
    _OWN.append((settings.load(), settings))


def _work(source: Source, out: Path) -> ValueError | None:
    model, settings = _OWN[0]
    return _one(model, source, out, settings)


def _one(model: Foley, source: Source, out: Path, settings: SampleSettings) -> ValueError | None:
    """Write the samples of one clip; the error of a clip that cannot be read."""
    try:
        for number in range(settings.samples):
            place = out / source.place(number)
            if not place.with_name(f"{place.name}.wav").exists():
                _write(model, source, place, number, settings)
    except ValueError as error:
        text = str(error)
        return ValueError(text if str(source.path) in text else f"{source.path} cannot be used: {text}")
    return None


def _write(model: Foley, source: Source, place: Path, number: int, settings: SampleSettings) -> None:
    codes = _codes(model, source, number, settings)
    mel = model.codebook.decode(codes[None])[0]
    (wave,) = model.vocoder.generate(mel[None])
    place.parent.mkdir(parents=True, exist_ok=True)
    with atomic.replacing(place.with_name(f"{place.name}.npy")) as part:
        np.save(part, mel)
    wav.write(place.with_name(f"{place.name}.wav"), wave, model.sample_rate)


def _codes(model: Foley, source: Source, number: int, settings: SampleSettings) -> np.ndarray:
    """The codes of a window [rows, columns] for a clip."""
    numbers = np.random.SeedSequence([settings.seed, zlib.crc32(str(source.place(number)).encode())]).generate_state(1)
    seed, sort = int(numbers[0]), source.target if model.needs_class else None
    start = _start(model, source) if settings.mode == "half" else None
    if source.path.suffix == feature_files.SUFFIX:
        return _of_features(model, source, sort, seed, start, settings)
    frames = clip_files.frames(source.path, "resnet50", FRAMES_PER_S, model.seconds)
    (grid,) = model.codes(
        list(frames), FRAMES_PER_S, seconds=model.seconds, classes=sort, seed=seed, start=start,
        temperature=settings.temperature, top_k=settings.top_k,
    )  # fmt: skip
    return grid


def _of_features(
    model: Foley, source: Source, sort: int | None, seed: int, start: np.ndarray | None, settings: SampleSettings
) -> np.ndarray:
    """The codes for a file of features, as the run that the transformer is of takes them."""
    run = run_features.from_run(run_folder.read_config(model.transformer.folder))
    features = run.read(source.path)[None]
    found = model.transformer.sample(
        features if model.transformer.config.frames else None,
        None if sort is None else np.array([sort]),
        start=None if start is None else start[None],
        temperature=settings.temperature,
        top_k=min(settings.top_k or model.top_k, model.transformer.config.codes),
        seed=seed,
    )
    return found[0]


def _start(model: Foley, source: Source) -> np.ndarray:
    """The first half window of the codes of a clip's own sound.

    Raises:
        ValueError: it has none, or too little.
    """
    half, stride = windows.half(model.transformer.config.columns), model.codebook.config.stride
    if source.path.suffix == feature_files.SUFFIX:
        raise ValueError("half needs the sound of a clip, and a file of features has none")
    try:
        wave = sound_files.read(source.path, spectrogram.SAMPLE_RATE, longest_s=model.seconds)
    except BadFileError as error:
        raise ValueError(f"half needs the sound of a clip: {error}") from None
    mel = spectrogram.spectrogram(wave)[:, : half * stride]
    if mel.shape[1] < half * stride:
        raise ValueError(f"half needs {half * stride} columns of a clip's own spectrogram, not {mel.shape[1]}")
    return model.codebook.encode(mel[None])[0]
