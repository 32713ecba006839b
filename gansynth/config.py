"""The settings of a GANSynth checkpoint folder: experiment.json and meta.json -> Config.

Names and defaults are Magenta's (`set_flags` in its gansynth/lib/model.py). experiment.json also has paths of the
machine on which the model was trained; they are ignored.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, get_type_hints

from core import checks
from core.files import json_files
from core.text import spans
from gansynth.conditions import JointCounts, label_size, ordered
from gansynth.setting_ranges import RANGES, check_gains

# Settings of how a model is played, which neither shape its networks nor say what they learned.
PLAYING = frozenset({"fade_in_s", "phase_locking", "consistent_phases"})
# NSynth, on which Magenta's public checkpoints were trained, has these pitches.
NSYNTH_PITCHES = tuple(range(24, 85))
SETTINGS, META = "experiment.json", "meta.json"
# Magenta's, and ours: see gansynth/complex_mel.py.
DATA_TYPES = ("linear", "phase", "mel", "complex_mel")
# Of these the first value is the logarithm of a power; of the others, of a magnitude.
POWER_TYPES = ("mel", "complex_mel")
NORMALIZERS = (
    "none",
    "specgrams_prespecified_normalizer",
    "specgrams_simple_normalizer",
    "specgrams_freq_normalizer",
)
_ALLOWED = {
    "data_type": DATA_TYPES,
    "data_normalizer": NORMALIZERS,
    "scale_mode": ("ALL", "H"),
    "to_rgb_activation": ("tanh", "linear"),
}
# Fields that are more than a number or a word in the files.
_OTHERS = {"folder", "pitches", "conditions", "label_counts", "octave_gains_db"}
# Values of the full spectrogram in one channel.
_MOST_VALUES = 1 << 26


@dataclass(frozen=True)
class Config:
    """The hyper-parameters that playing a checkpoint needs, under Magenta's names.

    `pitches` are the MIDI pitches with a label, ascending: the label is the position. `conditions` names the labels
    besides pitch, and `label_counts`, where it is known, says how often they occur together in the training data; see
    gansynth/conditions.py. Both are additions of ours, and so are `fade_in_s`, over which notes rise from 0, and
    `phase_locking`, how many channels of a "complex_mel" are kept in phase when it is played (0: none), see
    `gansynth.complex_mel.locked`, `consistent_phases`, whether its phases are made to fit each other, see
    `gansynth.complex_mel.consistent`, and `octave_gains_db`, how much louder octaves are played, see
    gansynth/octave_gains.py.
    """

    folder: Path
    pitches: tuple[int, ...] = NSYNTH_PITCHES
    data_type: str = "mel"
    audio_length: int = 64000
    sample_rate: int = 16000
    data_normalizer: str = "specgrams_prespecified_normalizer"
    mag_normalizer_a: float = 0.0661371661726
    mag_normalizer_b: float = 0.113718730221
    p_normalizer_a: float = 0.8
    p_normalizer_b: float = 0.0
    train_progressive: bool = True
    stable_stage_num_images: int = 32
    transition_stage_num_images: int = 32
    latent_vector_size: int = 256
    kernel_size: int = 3
    start_height: int = 4
    start_width: int = 8
    scale_mode: str = "ALL"
    scale_base: int = 2
    num_resolutions: int = 7
    simple_arch: bool = False
    to_rgb_activation: str = "tanh"
    fmap_base: int = 512
    fmap_decay: float = 1.0
    fmap_max: int = 128
    fade_in_s: float = 0.0
    phase_locking: float = 0.0
    consistent_phases: bool = False
    octave_gains_db: tuple[float, ...] = ()
    conditions: tuple[str, ...] = ()
    label_counts: JointCounts | None = None

    def __post_init__(self) -> None:
        for name, allowed in _ALLOWED.items():
            checks.one_of(name, getattr(self, name), allowed)
        for name, (low, high) in RANGES.items():
            checks.in_range(name, getattr(self, name), low)
            checks.in_range(name, getattr(self, name), -math.inf, high)
        if self.conditions != ordered(self.conditions):
            raise checks.mismatch("conditions", f"be in the order {ordered(self.conditions)}", self.conditions)
        if self.phase_locking and self.data_type != "complex_mel":
            raise checks.mismatch("phase_locking", "be 0, unless data_type is complex_mel", self.phase_locking)
        if self.consistent_phases and self.data_type != "complex_mel":
            raise checks.mismatch("consistent_phases", "be false, unless data_type is complex_mel", "true")
        check_gains(self.octave_gains_db)
        if self.simple_arch:
            raise ValueError("simple_arch is true; only Magenta's standard generator can be played")
        self._check_sizes()

    def _check_sizes(self) -> None:
        if self.frames * self.frequencies > _MOST_VALUES:
            rule = f"have at most {_MOST_VALUES} values"
            raise checks.mismatch("the spectrogram", rule, f"{self.frames} x {self.frequencies}")
        if self.frequencies & (self.frequencies - 1):
            raise checks.mismatch("the number of frequencies", "be a power of 2", self.frequencies)
        if self.padding < 0:
            rule = f"be at most the {self.span} samples of {self.frames} frames"
            raise checks.mismatch("audio_length", rule, self.audio_length)

    def check_channels(self, blocks: int) -> None:
        """Check that the first `blocks` blocks have channels; a checkpoint in the middle of training may have fewer.

        Raises:
            ValueError: the last one has none.
        """
        if self.num_filters(blocks) < 1:
            least = math.ceil(2.0 ** (blocks * self.fmap_decay))
            rule = f"be at least {least} for block {blocks} to have a channel"
            raise checks.mismatch("fmap_base", rule, self.fmap_base)

    @property
    def name(self) -> str:
        """The folder's name, under which the checkpoint is loaded."""
        return self.folder.name

    @property
    def latent_size(self) -> int:
        """Length of a latent vector z."""
        return self.latent_vector_size

    @property
    def label_size(self) -> int:
        """Length of a label vector: pitch, then the conditions."""
        return label_size(self)

    @cached_property
    def frames(self) -> int:
        """Time frames of the full spectrogram."""
        return self.start_height * self.scale_base ** (self.num_resolutions - 1)

    @cached_property
    def frequencies(self) -> int:
        """Frequency bins of the full spectrogram."""
        growth = self.scale_base ** (self.num_resolutions - 1) if self.scale_mode == "ALL" else 1
        return self.start_width * growth

    @property
    def frame_length(self) -> int:
        """Samples in one Fourier frame."""
        return 2 * self.frequencies

    @property
    def hop(self) -> int:
        """Samples from one Fourier frame to the next: a quarter of the frame."""
        return self.frame_length // 4

    @property
    def span(self) -> int:
        """Samples under all frames."""
        return self.hop * (self.frames - 1) + self.frame_length

    @property
    def padding(self) -> int:
        """Samples of silence before the sound; Magenta puts all of the padding in front."""
        return self.span - self.audio_length

    def num_filters(self, block: int) -> int:
        """Channels of block 1..num_resolutions."""
        return int(min(self.fmap_base / 2.0 ** (block * self.fmap_decay), self.fmap_max))


def read_config(folder: str | Path) -> Config:
    """Read a checkpoint folder's settings.

    Raises:
        FileNotFoundError: there is no such folder, or it has no stage_* folders.
        ValueError: a file is not a JSON object, or a value breaks a rule.
    """
    folder = Path(folder)
    if not is_checkpoint(folder):
        raise FileNotFoundError(
            f"{folder} is not a checkpoint: it needs experiment.json, with stage_* folders beside it"
        )
    config = read_settings(folder)
    try:
        config.check_channels(min(config.num_resolutions, _blocks_in(folder)))
    except ValueError as error:
        raise ValueError(f"{folder}: {error}") from None
    return config


def blocks_of(stage: int) -> int:
    """How many blocks a stage has: the even ones are stable, in the odd ones a block fades in."""
    return (stage + 1) // 2 + 1


def _blocks_in(folder: Path) -> int:
    """How many blocks the newest stage in a folder has."""
    numbers = [path.name.removeprefix("stage_") for path in folder.glob("stage_*")]
    return max((blocks_of(int(number)) for number in numbers if number.isdecimal() and len(number) < 10), default=1)


def read_settings(folder: Path, meta_path: Path | None = None) -> Config:
    """Read the settings of a folder with experiment.json and meta.json, which need not have a checkpoint yet.

    Args:
        folder: the folder.
        meta_path: read instead of the folder's meta.json.

    Raises:
        ValueError: a file is not a JSON object, or a value breaks a rule.
    """
    settings: dict[str, Any] = {}
    experiment = _read_if_there(folder / SETTINGS)
    hints = get_type_hints(Config)
    for key in {field.name for field in fields(Config)} - _OTHERS:
        if experiment.get(key) is not None:
            try:
                settings[key] = checks.of_kind(key, experiment[key], hints[key])
            except ValueError as error:
                raise ValueError(f"{folder / SETTINGS}: {error}") from None
    meta_path = meta_path or folder / META
    meta = _read_if_there(meta_path)
    if meta:
        settings["pitches"] = _pitches(meta, meta_path)
    try:
        settings |= _labels(experiment, settings.get("pitches", NSYNTH_PITCHES))
        gains = experiment.get("octave_gains_db") or []
        settings["octave_gains_db"] = tuple(gains) if isinstance(gains, list) else gains
        return Config(folder=folder, **settings)
    except ValueError as error:
        raise ValueError(f"{folder}: {error}") from None


def is_checkpoint(folder: Path) -> bool:
    """Whether a folder looks like a GANSynth run: stage_* folders, mostly with experiment.json beside them."""
    return folder.is_dir() and any(path.is_dir() for path in folder.glob("stage_*"))


def find(models_dirs: Sequence[Path]) -> list[Path]:
    """The checkpoint folders under DIR/gansynth/ of each models folder, by name; the first of a name wins."""
    found: dict[str, Path] = {}
    for folder in _children(Path(models) / "gansynth" for models in models_dirs):
        if is_checkpoint(folder):
            found.setdefault(folder.name, folder)
    return [found[name] for name in sorted(found)]


def nearest_pitch(pitches: Iterable[int], wanted: int) -> int:
    """The pitch nearest to a wanted one; the lower of two."""
    return min(pitches, key=lambda pitch: (abs(pitch - wanted), pitch))


def check_pitch(name: str, pitches: Sequence[int], pitch: int) -> None:
    """Check that the checkpoint called `name` can play a pitch.

    Raises:
        ValueError: it cannot; the message lists its pitches.
    """
    if pitch not in pitches:
        raise ValueError(f"{name} has no pitch {pitch}; it has {spans(pitches)}")


def _children(parents: Iterable[Path]) -> Iterable[Path]:
    for parent in parents:
        if parent.is_dir():
            yield from sorted(parent.iterdir())


def _read_if_there(path: Path) -> dict[str, Any]:
    return json_files.read_object(path) if path.exists() else {}


def _pitches(meta: dict[str, Any], path: Path) -> tuple[int, ...]:
    try:
        return tuple(sorted({checks.whole("pitch", int(note["pitch"]), 0, 127) for note in meta.values()}))
    except (TypeError, KeyError, ValueError, OverflowError):
        raise ValueError(f"{path}: every note must have a whole number in 0..127 as pitch") from None


def _labels(experiment: dict[str, Any], pitches: tuple[int, ...]) -> dict[str, Any]:
    """The labels besides pitch, and how often they occur together."""
    named, counts = experiment.get("conditions") or [], experiment.get("label_counts")
    if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
        raise checks.mismatch("conditions", "be a list of names", named)
    conditions = ordered(named)
    known = None if counts is None else JointCounts.from_json(counts, pitches, conditions)
    return {"conditions": conditions, "label_counts": known}
