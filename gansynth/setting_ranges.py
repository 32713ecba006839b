"""The ranges of a GANSynth's settings."""

from typing import Any

from core import checks

# Far beyond any checkpoint there is, so that no file makes sizes for which there is neither time nor memory.
RANGES: dict[str, tuple[float, float]] = {
    "audio_length": (1, 1 << 26),
    "sample_rate": (1, 768_000),
    "mag_normalizer_a": (-1e9, 1e9),
    "mag_normalizer_b": (-1e9, 1e9),
    "p_normalizer_a": (-1e9, 1e9),
    "p_normalizer_b": (-1e9, 1e9),
    "stable_stage_num_images": (1, 10**12),
    "transition_stage_num_images": (1, 10**12),
    "latent_vector_size": (1, 1 << 16),
    "kernel_size": (1, 255),
    "start_height": (1, 1 << 12),
    "start_width": (1, 1 << 12),
    "scale_base": (1, 16),
    "num_resolutions": (1, 16),
    "fmap_base": (1, 1 << 24),
    "fmap_decay": (0, 24),
    "fmap_max": (1, 1 << 16),
    "fade_in_s": (0, 1),
    "phase_locking": (0, 16),
}
# The middles of the octaves of `octave_gains_db`.
OCTAVES_HZ = tuple(62.5 * 2 ** (octave + 0.5) for octave in range(7))
MOST_GAIN_DB = 24.0


def check_gains(gains: Any) -> None:
    """Check `octave_gains_db`: none, or one for each octave.

    Raises:
        ValueError: they break that rule, or one is out of range.
    """
    if not isinstance(gains, tuple) or len(gains) not in (0, len(OCTAVES_HZ)):
        raise checks.mismatch("octave_gains_db", f"be {len(OCTAVES_HZ)} gains in dB", gains)
    for gain in gains:
        checks.in_range("octave_gains_db", gain, -MOST_GAIN_DB, MOST_GAIN_DB, "dB")
