"""What can compute a network, and how exactly; apart from `core.nn.engine`, so that a command line starts quickly."""

ENGINES = ("openvino", "tensorflow", "jax")
PRECISIONS = ("f32", "bf16")


def check(engine: str, precision: str) -> None:
    """Compare names with those there are.

    Raises:
        ValueError: there is no such engine or precision.
    """
    from core import checks

    checks.one_of("the engine", engine, ENGINES)
    checks.one_of("the precision", precision, PRECISIONS)
