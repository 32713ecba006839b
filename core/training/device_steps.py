"""Many training steps in one call, on a device or several, under JAX.

A Python call for each step keeps a GPU waiting for the host. Here a call takes a block of steps: their batches travel
together, the dataset lies on the device and batches name rows of it, and the tensors that go in are given up, so that
they are changed in place. Each step is the same pure function as elsewhere, on the same random numbers, so that a run
does not depend on how its steps are divided into calls.

On a CPU the steps of a call are started one by one: inside a loop of XLA's, convolutions have one core and no fast
kernels there (measured: 25 to 60 times slower).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.training.trees import Batch, Tensors, Tree

Step = Callable[[Tree, Tensors], tuple[Tree, Tensors]]
Select = Callable[[Tensors, Tensors], Tensors]
# The most steps in a call.
CAPACITY = 64
_AXIS = "batch"


@dataclass(frozen=True)
class Block:
    """The batches of some steps on the devices: stacked, of which the first `count` are used, or one by one."""

    batches: Any
    count: int


def whole_batch(data: Tensors, batch: Tensors) -> Tensors:
    """The selection of a batch that has everything already."""
    return batch


class Devices:
    """The devices of this process: weights and data are on each of them, a batch is divided among them."""

    def __init__(self, count: int | None = None) -> None:
        """Take the first `count` devices; None: all."""
        import jax
        from jax.sharding import Mesh

        self._mesh = Mesh(np.array(jax.devices()[:count]), (_AXIS,))
        self.count, self.is_cpu = self._mesh.size, jax.default_backend() == "cpu"

    def copies(self, tree: Any) -> Any:
        """The same arrays on each device."""
        return self._placed(tree)

    def divided(self, batch: Batch, axis: int) -> Tensors:
        """A batch, divided among the devices along an axis; what has no such axis goes to all."""
        return {
            name: self._placed(value, *[None] * axis, _AXIS) if np.ndim(value) > axis else self._placed(value)
            for name, value in batch.items()
        }

    def check(self, size: int) -> None:
        """Check that a batch of `size` can be divided.

        Raises:
            ValueError: it cannot.
        """
        if size % self.count:
            raise ValueError(f"a batch of {size} cannot be divided among {self.count} devices")

    def _placed(self, value: Any, *axes: str | None) -> Any:
        import jax
        from jax.sharding import NamedSharding, PartitionSpec

        return jax.device_put(value, NamedSharding(self._mesh, PartitionSpec(*axes)))


class DeviceSteps:
    """The steps of a stage: one program for any number of them up to `capacity`.

    Args:
        step: (tensors, batch) -> (tensors, losses), a pure function over keras.ops. A loss that is not computed in a
            step is not a number there.
        data: arrays that stay on the devices, such as all images.
        select: (data, batch) -> batch, with what the batch's rows select.
        devices: where to run; None: all of this process.
        capacity: the most steps in a call.
        looped: whether the steps of a call are one loop on the device; None: except on a CPU.
    """

    def __init__(
        self,
        step: Step,
        data: Mapping[str, Any] | None = None,
        select: Select = whole_batch,
        devices: Devices | None = None,
        capacity: int = CAPACITY,
        looped: bool | None = None,
    ) -> None:
        self._devices, self.capacity = devices or Devices(), capacity
        self._looped = not self._devices.is_cpu if looped is None else looped
        self._data = self._devices.copies(dict(data or {}))
        one = _one(step, select)
        self._run = _loop(one, capacity) if self._looped else _one_by_one(one)

    def block(self, batches: Sequence[Batch]) -> Block:
        """The batches of 1 to `capacity` steps, sent to the devices; may run in a thread of its own."""
        if not self._looped:
            return Block([self._devices.divided(batch, 0) for batch in batches], len(batches))
        stacked = {name: _stacked([batch[name] for batch in batches], self.capacity) for name in batches[0]}
        return Block(self._devices.divided(stacked, 1), len(batches))

    def start(self, tree: Tree) -> Tree:
        """Copies of tensors or arrays, as the steps take them and give them up."""
        import jax
        from jax import numpy as jnp

        return self._devices.copies(jax.tree_util.tree_map(lambda value: jnp.array(value, copy=True), tree))

    def check(self, size: int) -> None:
        """Check that a batch of `size` can be divided among the devices.

        Raises:
            ValueError: it cannot.
        """
        self._devices.check(size)

    def __call__(self, tree: Tree, block: Block, images: int = 0) -> tuple[Tree, Tensors]:
        """Start the steps of a block, and return at once.

        Args:
            tree: tensors, which are given up.
            block: from `block`.
            images: seen before it; batches have all that follows from it.

        Returns:
            The new tensors, and the losses of each step: [count] by name. Reading them waits for the steps.
        """
        return self._run(tree, self._data, block)


class _Losses:
    """Losses on the device, of which the first `count` are read as an array."""

    def __init__(self, value: Any, count: int) -> None:
        self._value, self._count = value, count

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        found = [np.asarray(one, dtype) for one in self._value] if isinstance(self._value, list) else self._value
        return np.asarray(found, dtype)[: self._count]


def _stacked(values: Sequence[Any], capacity: int) -> np.ndarray:
    first = np.asarray(values[0])
    stacked = np.zeros((capacity, *first.shape), first.dtype)
    for place, value in enumerate(values):
        stacked[place] = value
    return stacked


def _one(step: Step, select: Select) -> Callable[..., Any]:
    """A step as (tensors, data, batch) -> (tensors, losses), with the tensors' types as they were."""
    import jax
    from jax import numpy as jnp

    def one(tree: Tree, data: Tensors, batch: Tensors) -> tuple[Tree, Tensors]:
        after, losses = step(tree, select(data, batch))
        same = jax.tree_util.tree_map(lambda before, new: jnp.asarray(new, before.dtype), tree, after)
        return same, {name: jnp.asarray(value, jnp.float32) for name, value in losses.items()}

    return one


def _one_by_one(one: Callable[..., Any]) -> Callable[[Tree, Tensors, Block], tuple[Tree, Tensors]]:
    import jax

    compiled = jax.jit(one, donate_argnums=0)

    def run(tree: Tree, data: Tensors, block: Block) -> tuple[Tree, Tensors]:
        found: dict[str, list[Any]] = {}
        for batch in block.batches:
            tree, losses = compiled(tree, data, batch)
            for name, value in losses.items():
                found.setdefault(name, []).append(value)
        return tree, {name: _Losses(values, block.count) for name, values in found.items()}

    return run


def _loop(one: Callable[..., Any], capacity: int) -> Callable[[Tree, Tensors, Block], tuple[Tree, Tensors]]:
    import jax
    from jax import numpy as jnp

    # Traced once, though its losses have to be known before the loop.
    traced = jax.jit(one)

    def steps(tree: Tree, data: Tensors, batches: Tensors, count: Any) -> tuple[Tree, Tensors]:
        def number(place: Any, carried: tuple[Tree, Tensors]) -> tuple[Tree, Tensors]:
            tree, losses = carried
            tree, found = traced(tree, data, {name: value[place] for name, value in batches.items()})
            return tree, {name: losses[name].at[place].set(value) for name, value in found.items()}

        _, shapes = jax.eval_shape(traced, tree, data, {name: value[0] for name, value in batches.items()})
        losses = {name: jnp.zeros(capacity, jnp.float32) for name in shapes}
        return jax.lax.fori_loop(0, count, number, (tree, losses))

    compiled = jax.jit(steps, donate_argnums=0)

    def run(tree: Tree, data: Tensors, block: Block) -> tuple[Tree, Tensors]:
        tree, losses = compiled(tree, data, block.batches, np.int32(block.count))
        return tree, {name: _Losses(value, block.count) for name, value in losses.items()}

    return run
