"""Take the pixels of a map from other places, over `core.nn.ops`."""

from core.nn.ops import Ops, Tensor


def warp(ops: Ops, x: Tensor, places: Tensor) -> Tensor:
    """A map whose pixels come from other places, between pixels in proportion; beyond the edges, from the nearest.

    Args:
        ops: what computes it; OpenVINO has an operation of its own for this, which is many times faster.
        x: [n, height, width, channels].
        places: [1, rows, columns, 2], the same for all maps: row and column, in pixels.

    Returns:
        [n, rows, columns, channels].
    """
    native = getattr(ops, "grid_sample", None)
    if native is not None:
        return native(x, places)
    height, width, channels = x.shape[1:]
    rows, columns = places.shape[1:3]
    down, right = ops.clip(places[0, ..., 0], 0.0, height - 1.0), ops.clip(places[0, ..., 1], 0.0, width - 1.0)
    top, left = ops.floor(down), ops.floor(right)
    flat, found = ops.reshape(x, (-1, height * width, channels)), 0.0
    for row, row_part in ((top, 1.0 - (down - top)), (ops.minimum(top + 1.0, height - 1.0), down - top)):
        for column, part in ((left, 1.0 - (right - left)), (ops.minimum(left + 1.0, width - 1.0), right - left)):
            index = ops.reshape(ops.cast(row * width + column, "int32"), (rows * columns,))
            pixels = ops.reshape(ops.take(flat, index, axis=1), (-1, rows, columns, channels))
            found = found + pixels * (row_part * part)[None, :, :, None]
    return found
