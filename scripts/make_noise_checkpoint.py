"""Write a GANSynth checkpoint with random weights: it sounds like noise, and tests the whole chain.

The default is tiny; --full has the size of Magenta's mel_prog_hires, for measuring.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from gansynth import checkpoint
from gansynth.config import Config

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


def main() -> None:
    """Parse the flags and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="the checkpoint folder to make; it must not exist")
    parser.add_argument("--full", action="store_true", help="full size (60 MB) instead of tiny")
    parser.add_argument("--seed", type=int, default=0, help="seed of the weights (default: %(default)s)")
    args = parser.parse_args()
    if args.folder.exists():
        parser.error(f"{args.folder} exists already; name a new folder")
    write(args.folder, (FULL if args.full else TINY) | SCHEDULE, args.seed)
    print(args.folder)


if __name__ == "__main__":
    main()
