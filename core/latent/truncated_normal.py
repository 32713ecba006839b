"""Normal values without their rare extremes, as large image models draw latent vectors (Brock et al. 2019, 3.1)."""

import numpy as np

# Values beyond this many standard deviations are drawn again.
BOUND = 2.0


def truncated_normal(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    truncation: float = 1.0,
    precision: type[np.float32] | type[np.float64] = np.float64,
) -> np.ndarray:
    """Draw standard normal values within `BOUND`, times the truncation: float32.

    Args:
        rng: where they come from.
        shape: of the result.
        truncation: 0..1.
        precision: in which values are drawn; one seed gives other values in each.
    """
    values = rng.standard_normal(shape, precision)
    while (outside := np.abs(values) > BOUND).any():
        values[outside] = rng.standard_normal(int(outside.sum()), precision)
    return (precision(truncation) * values).astype(np.float32)
