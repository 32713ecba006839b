"""Hyper-parameters of training: Magenta's under Magenta's names, some of ours, and the configs that bundle them.

Those that playing needs too (sizes, data type, stages) are in gansynth/config.py, which reads the same experiment.json.
Source of names and defaults: `set_flags` and configs/mel_prog_hires.py in Magenta's gansynth.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

from core import checks
from core.files import json_files
from core.files.atomic import write_text
from core.training import settings as training_settings
from gansynth.config import Config, read_config
from gansynth.dataset.records import SOURCES

EXPERIMENT = "experiment.json"
PRECISIONS = ("float32", "bfloat16")
ADVERSARIAL_LOSSES = ("wasserstein", "logistic")

_PRODUCT = {
    "dataset_name": "nsynth_tfrecord",
    "data_type": "mel",
    "latent_vector_size": 256,
    "start_height": 2,
    "start_width": 16,
    "num_resolutions": 7,
    "fmap_base": 4096,
    "fmap_max": 256,
    "generator_learning_rate": 8e-4,
    "discriminator_learning_rate": 8e-4,
    "stable_stage_num_images": 800_000,
    "transition_stage_num_images": 800_000,
    "total_num_images": 11_000_000,
    "batch_size_schedule": [8],
    "generator_ac_loss_weight": 10.0,
    "discriminator_ac_loss_weight": 10.0,
    "save_summaries_num_images": 10_000,
    "fade_in_s": 0.004,
}
_NARROW = {"start_height": 2, "start_width": 8, "audio_length": 32_000, "fmap_base": 1024}
# An adversarial phase that holds after pretraining. With Magenta's loss, rates and label weight the reconstruction's
# error nearly doubles within a thousand steps, and spectra turn to noise; docs/train.md has the curves.
_HELD = {
    "adversarial_loss": "logistic",
    "r1_weight": 5.0,
    "adversarial_weight": 0.1,
    "discriminator_warm_up_images": 6_000,
    "falling_rate_share": 0.1,
    "generator_learning_rate": 2e-4,
    "discriminator_learning_rate": 4e-4,
    "generator_ac_loss_weight": 1.0,
    "discriminator_ac_loss_weight": 1.0,
}
CONFIGS: dict[str, dict[str, Any]] = {
    # What Magenta's public checkpoints and the course use; for GPUs.
    "mel_prog_hires": _PRODUCT,
    # Notes of two seconds, half the frequencies and a quarter of the channels: about 60 times less work, for a CPU.
    "small": _PRODUCT
    | _NARROW
    | {
        "stable_stage_num_images": 8_000,
        "transition_stage_num_images": 8_000,
        "total_num_images": 200_000,
        "save_summaries_num_images": 5_000,
    },
    # The same with pretraining on the notes themselves, after which it is in tune within the hour. Half of the
    # frequencies also means half as many phases to learn, which look random from one harmonic to the next.
    "small_warm": _PRODUCT
    | _NARROW
    | {
        "stable_stage_num_images": 4_000,
        "transition_stage_num_images": 2_000,
        "total_num_images": 200_000,
        "batch_size_schedule": [8, 4],
        "warm_start_images": 140_000,
        "reconstruction_weight": 1.0,
        "gradient_penalty_interval": 4,
        "save_summaries_num_images": 10_000,
    }
    | _HELD,
}


@dataclass(frozen=True)
class SoundHparams:
    """The hyper-parameters of training alone.

    Ours, which Magenta does not have:

    * `condition_dropout`: the share of notes for which a condition (a label beyond pitch, see gansynth/conditions.py)
      is left out.
    * `warm_start_images`: for how many notes the generator is pretrained by reconstruction, see `pretraining_step` in
      gansynth/training/steps.py; `warm_start_learning_rate` is its first learning rate, `latent_kl_weight` how
      strongly learned latents are drawn to the normal distribution. `reconstruction_weight` is the weight of the
      reconstruction loss after that. `energy_weight`: how much the energy of patches counts in it, beside that of each
      bin.
    * `gradient_penalty_interval`: the penalty is computed in every n-th step, and counts n times.
    * `adversarial_loss`: "wasserstein" with a gradient penalty, as in Magenta, or "logistic" with the penalty R1, whose
      weight is `r1_weight`; `adversarial_weight`: of the generator's part of it, labels included.
    * `discriminator_warm_up_images`: for how many notes after pretraining the discriminator learns alone, while the
      generator goes on to reconstruct; then its adversarial loss rises to its full weight for as many notes again.
    * `falling_rate_share`: in this share of the run, at its end, learning rates fall to a tenth.
    * `precision`: of the convolutions.
    * `seed`: of everything random.
    """

    train_data_path: str = ""
    train_meta_path: str = ""
    train_root_dir: str = ""
    dataset_name: str = "nsynth_tfrecord"
    train_instrument_sources: tuple[int, ...] = tuple(range(len(SOURCES)))
    train_min_pitch: int = 24
    train_max_pitch: int = 84
    gradient_penalty_target: float = 1.0
    gradient_penalty_weight: float = 10.0
    real_score_penalty_weight: float = 0.001
    generator_ac_loss_weight: float = 1.0
    discriminator_ac_loss_weight: float = 1.0
    gen_gl_consistency_loss_weight: float = 0.0
    generator_learning_rate: float = 4e-4
    discriminator_learning_rate: float = 4e-4
    adam_beta1: float = 0.0
    adam_beta2: float = 0.99
    batch_size_schedule: tuple[int, ...] = (16, 8)
    total_num_images: int = 320
    save_summaries_num_images: int = 100
    normalizer_margin: float = 0.8
    normalizer_num_examples: int = 1000
    condition_dropout: float = 0.2
    warm_start_images: int = 0
    warm_start_learning_rate: float = 3e-3
    reconstruction_weight: float = 0.0
    energy_weight: float = 0.0
    latent_kl_weight: float = 4e-3
    gradient_penalty_interval: int = 1
    adversarial_loss: str = "wasserstein"
    r1_weight: float = 1.0
    adversarial_weight: float = 1.0
    discriminator_warm_up_images: int = 0
    falling_rate_share: float = 0.0
    precision: str = "float32"
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ValueError: one breaks a rule; the message names the value and the rule.
        """
        checks.one_of("dataset_name", self.dataset_name, ("nsynth_tfrecord",))
        checks.one_of("precision", self.precision, PRECISIONS)
        checks.one_of("adversarial_loss", self.adversarial_loss, ADVERSARIAL_LOSSES)
        if self.gen_gl_consistency_loss_weight:
            raise checks.mismatch(
                "gen_gl_consistency_loss_weight",
                "be 0, since this trainer does not have that loss",
                self.gen_gl_consistency_loss_weight,
            )
        if not self.batch_size_schedule or min(self.batch_size_schedule) < 1:
            raise checks.mismatch("batch_size_schedule", "be sizes of at least 1", list(self.batch_size_schedule))
        if self.train_min_pitch > self.train_max_pitch:
            rule = f"be at most train_max_pitch, {self.train_max_pitch}"
            raise checks.mismatch("train_min_pitch", rule, self.train_min_pitch)
        for name in ("condition_dropout", "falling_rate_share"):
            checks.in_range(name, getattr(self, name), 0, 1)
        for name in ("total_num_images", "save_summaries_num_images", "gradient_penalty_interval"):
            checks.whole(name, getattr(self, name), 1)

    def batch_size(self, stage: int, config: Config) -> int:
        """Notes per step in a stage; the schedule's first size is used for all resolutions before those it lists."""
        missing = config.num_resolutions - len(self.batch_size_schedule)
        schedule = (self.batch_size_schedule[0],) * missing + self.batch_size_schedule
        return schedule[(stage + 1) // 2]


def settle(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """A config by name, with the given hyper-parameters on top: everything that goes into experiment.json.

    Raises:
        ValueError: there is no such config, or no such hyper-parameter.
    """
    settings = dict(training_settings.preset("config", name, CONFIGS) if name else {}) | dict(given)
    training_settings.check_known(settings, _KNOWN, "docs/train.md")
    return settings


def from_voice(folder: Path, given: Mapping[str, Any]) -> dict[str, Any]:
    """The hyper-parameters of a run that begins with a voice: the voice's, with the given ones on top.

    With another `audio_length` and no `start_height`, the first map is as long as the notes need. The networks do not
    grow, since the voice has all resolutions.

    Raises:
        FileNotFoundError: there is no such voice.
        ValueError: its settings are damaged, or the networks should grow.
    """
    if given.get("train_progressive"):
        raise ValueError("train_progressive must be false with --start_from, since a voice has all resolutions")
    voice = read_config(folder)
    before = json_files.read_object(folder / EXPERIMENT)
    settings = {key: value for key, value in before.items() if key in _KNOWN - _PLACES and value is not None}
    settings |= {"train_progressive": False} | dict(given)
    if "audio_length" in given and "start_height" not in given:
        length = checks.whole("audio_length", given["audio_length"], 1, unit="samples")
        frames = (length - voice.frame_length) / voice.hop + 1
        settings["start_height"] = max(1, math.ceil(frames / (voice.frames // voice.start_height)))
    return settings


# Magenta's hyper-parameters that mean nothing here: parts of its graph, its cluster, its debugging, its summaries.
IGNORED = {
    "g_fn",
    "d_fn",
    "fake_batch_size",
    "master",
    "ps_tasks",
    "task",
    "debug_hook",
    "tfds_data_dir",
    "train_time_limit",
    "train_time_stage_multiplier",
    "batch_size",
    "fake_grid_size",
    "interp_grid_size",
}
_KNOWN = {field.name for kind in (SoundHparams, Config) for field in fields(kind)} | IGNORED
# Of one run alone, or measured at its end.
_PLACES = {
    "folder",
    "pitches",
    "train_data_path",
    "train_meta_path",
    "train_root_dir",
    "label_counts",
    "octave_gains_db",
}


def from_settings(settings: Mapping[str, Any]) -> SoundHparams:
    """The settings that are for training alone.

    Raises:
        ValueError: a value is of the wrong kind or breaks a rule.
    """
    hints = get_type_hints(SoundHparams)
    own = {key: _typed(key, value, hints[key]) for key, value in settings.items() if key in hints and value is not None}
    return SoundHparams(**own)


def _typed(key: str, value: Any, kind: Any) -> Any:
    if not get_args(kind):
        return checks.of_kind(key, value, kind)
    if not isinstance(value, (list, tuple)) or not all(isinstance(one, int) for one in value):
        raise checks.mismatch(key, "be a list of whole numbers", value)
    return tuple(value)


def write(folder: Path, settings: Mapping[str, Any], own: SoundHparams) -> None:
    """Write experiment.json: the settings, and the defaults of all others that training has."""
    everything = {**asdict(own), **settings}
    write_text(folder / EXPERIMENT, json.dumps(everything, indent=1, sort_keys=True) + "\n")
