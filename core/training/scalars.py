"""Losses over time, in files that TensorBoard reads."""

from collections.abc import Callable
from pathlib import Path


def scalars_writer(folder: Path) -> Callable[[int, dict[str, float]], None]:
    """A function (images, scalars) that writes what TensorBoard reads; TensorBoard itself need not be installed.

    Raises:
        ValueError: tensorboardX is not installed.
    """
    try:
        from tensorboardX import SummaryWriter
    except ModuleNotFoundError:
        raise ValueError("training needs the package tensorboardx: pip install 'hallu[train]'") from None
    writer = SummaryWriter(str(folder))

    def write(images: int, scalars: dict[str, float]) -> None:
        for name, value in scalars.items():
            writer.add_scalar(name, value, images)
        writer.flush()

    return write
