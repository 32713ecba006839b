"""What can compute a network, and how exactly; apart from `core.nn.engine`, so that a command line starts quickly."""

ENGINES = ("openvino", "tensorflow", "jax")
PRECISIONS = ("f32", "bf16")


def check(engine: str, precision: str) -> None:
    """Compare names with those there are.

    Raises:
        ValueError: there is no such engine or precision.
    """
    if engine not in ENGINES:
        raise ValueError(f"the engine is {engine!r}; it must be one of {', '.join(ENGINES)}")
    if precision not in PRECISIONS:
        raise ValueError(f"the precision is {precision!r}; it must be one of {', '.join(PRECISIONS)}")
