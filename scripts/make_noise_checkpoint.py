"""Write a GANSynth checkpoint with random weights: it sounds like noise, and tests the whole chain.

The default is tiny; --full has the size of Magenta's mel_prog_hires, for measuring.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from gansynth import checkpoint
from gansynth.config import Config
from scripts import frame

PROG = "make_noise_checkpoint"
COMMON = {"start_height": 2, "start_width": 16, "num_resolutions": 7, "latent_vector_size": 256, "data_type": "mel"}
TINY = COMMON | {"latent_vector_size": 32, "fmap_base": 256, "fmap_max": 16}
FULL = COMMON | {"fmap_base": 4096, "fmap_max": 256}
SCHEDULE = {"stable_stage_num_images": 800000, "transition_stage_num_images": 800000}
COUNTER = 11000000
# The loudness channel's bias and contrast: quiet noise whose bands differ from z to z.
LOUDNESS_BIAS, CONTRAST = -0.15, 0.25


def random_weights(config: Config, rng: np.random.Generator) -> checkpoint.Weights:
    """Kernels from N(0, 1), which the equalised learning rate scales; zero biases but for the last picture's."""
    shapes = checkpoint.expected_shapes(config, config.num_resolutions)
    weights = {
        name: (rng.standard_normal(shape) if name.endswith("kernel") else np.zeros(shape)).astype(np.float32)
        for name, shape in shapes.items()
    }
    last = f"to_rgb_{config.num_resolutions}"
    weights[f"{last}/kernel"] *= np.float32(CONTRAST)
    weights[f"{last}/bias"][0] = LOUDNESS_BIAS
    return weights


def write(folder: Path, settings: dict[str, object], seed: int) -> None:
    """Write experiment.json and the last stage's checkpoint into a new folder."""
    config = Config(folder=folder, **settings)  # type: ignore[arg-type]
    folder.mkdir(parents=True)
    (folder / "experiment.json").write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")
    checkpoint.save(folder, random_weights(config, np.random.default_rng(seed)), config, COUNTER)


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = frame.new_parser(PROG, __doc__)
    flags.add_argument("folder", type=frame.path, help="the new checkpoint folder")
    flags.add_argument("--full", action="store_true", help="full size (60 MB) instead of tiny")
    flags.add_argument(
        "--seed", type=partial(frame.whole, least=0), default=0, help="seed of the weights (default: %(default)s)"
    )
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    return frame.run(_write, parser().parse_args(argv), PROG)


def _write(options: argparse.Namespace) -> None:
    if options.folder.exists():
        raise FileExistsError(f"{options.folder} exists already; name a new folder")
    write(options.folder, (FULL if options.full else TINY) | SCHEDULE, options.seed)
    print(f"{options.folder}: random weights of seed {options.seed}")


if __name__ == "__main__":
    sys.exit(main())
