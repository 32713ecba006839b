"""Features of many clips as files, in the folders that the original's loaders look for them.

A folder of features says in a file beside them what they were measured with, so that a run that was stopped goes on
with the same settings, and never with others.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from core import checks, worker_pool
from core.files import made_with
from core.files.regular import sha256
from core.progress import Progress, ignore
from core.video import decoding
from specvqgan.features import clip_files, feature_files
from specvqgan.features.clip_files import ClipFile
from specvqgan.features.clips import FRAMES_PER_S
from specvqgan.features.frame_networks import KINDS, FrameNetwork

OnBadClip = Callable[[ValueError], None]


@dataclass(frozen=True)
class ExtractionSettings:
    """What decides the features of a clip.

    Attributes:
        kind: one of `frame_networks.KINDS`.
        weights: path of the network's weights.
        fps: frames per second of a film that are measured.
        seconds: what follows is not measured; 0: all is.
        engine: what computes the network.
        precision: f32 or bf16.
    """

    kind: str
    weights: Path
    fps: float = FRAMES_PER_S
    seconds: float = 10.0
    engine: str = "openvino"
    precision: str = "f32"

    def __post_init__(self) -> None:
        checks.one_of("the kind of features", self.kind, KINDS)
        checks.above("fps", self.fps, 0, 1000)
        checks.in_range("seconds", self.seconds, 0, decoding.LONGEST_S)

    def described(self) -> dict[str, object]:
        """What a folder of features says about them."""
        found = {name: value for name, value in asdict(self).items() if name != "engine"}
        return {**found, "weights": sha256(self.weights)}


def prepare_folder(folder: Path, settings: ExtractionSettings) -> None:
    """Note in a folder what its features are of, or check that they are of the same.

    Raises:
        ValueError: it has features of other settings; the message names the first difference.
        OSError: it cannot be written to.
    """
    name = f"{KINDS[settings.kind].folder(settings.fps)}.json"
    made_with.note(folder / name, "features", settings.described())


def extract(
    clips: Sequence[ClipFile],
    folder: Path,
    settings: ExtractionSettings,
    *,
    jobs: int = 1,
    on_bad: OnBadClip,
    progress: Progress = ignore,
) -> int:
    """Write the features of clips; those that are there already are left as they are.

    Args:
        clips: from `find`.
        folder: of all files of features.
        settings: see there.
        jobs: how many processes share the clips; each takes its share of the cores.
        on_bad: called with the error of each clip that cannot be read.
        progress: counts clips.

    Returns:
        How many were written.

    Raises:
        FileNotFoundError, ValueError: the weights are missing or are others; the folder has features of other settings.
    """
    missing = [clip for clip in clips if not (folder / clip.place).exists()]
    prepare_folder(folder, settings)
    done, written = len(clips) - len(missing), 0
    progress(done, len(clips))
    outcomes = _in_turn(missing, folder, settings) if jobs == 1 else _shared(missing, folder, settings, jobs)
    for outcome in outcomes:
        if outcome is not None:
            on_bad(outcome)
        done, written = done + 1, written + (outcome is None)
        progress(done, len(clips))
    return written


def _in_turn(clips: Sequence[ClipFile], folder: Path, settings: ExtractionSettings) -> Iterator[ValueError | None]:
    network = _network(settings)
    for clip in clips:
        yield _one(network, clip, folder, settings)


def _shared(
    clips: Sequence[ClipFile], folder: Path, settings: ExtractionSettings, jobs: int
) -> Iterator[ValueError | None]:
    """The same in several processes, in the order in which clips are done."""
    yield from worker_pool.shared(_work, [(clip, folder) for clip in clips], jobs, _begin, settings)


# What a process of `_shared` has: its network, and the settings.
_OWN: list[tuple[FrameNetwork, ExtractionSettings]] = []


def _begin(settings: ExtractionSettings) -> None:
    _OWN.append((_network(settings), settings))


def _work(clip: ClipFile, folder: Path) -> ValueError | None:
    network, settings = _OWN[0]
    return _one(network, clip, folder, settings)


def _network(settings: ExtractionSettings) -> FrameNetwork:
    return FrameNetwork(settings.kind, settings.weights, engine_name=settings.engine, precision=settings.precision)


def _one(network: FrameNetwork, clip: ClipFile, folder: Path, settings: ExtractionSettings) -> ValueError | None:
    """Write the features of one clip; the error of a clip that cannot be read."""
    try:
        found = network.features(clip_files.frames(clip.source, settings.kind, settings.fps, settings.seconds))
    except ValueError as error:
        text = str(error)
        return ValueError(text if str(clip.source) in text else f"{clip.source} cannot be read: {text}")
    feature_files.write(folder / clip.place, found)
    return None
