"""What the engine thread owns: the model, the latent slots, the random numbers; and what it changes, all or nothing."""

import logging
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gansynth.conditions import check, value_of
from server import state
from server.checkpoints import locate
from server.commands import MAX_SLOTS
from server.delivery import Delivery

if TYPE_CHECKING:
    from gansynth.model import Model

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Places:
    """Where a studio finds its models and keeps its state."""

    models: tuple[Path, ...]
    state: Path


class Studio:
    """Owned by the engine thread; other threads may read `model` alone."""

    def __init__(self, places: Places, delivery: Delivery, loader: Callable[[Path], "Model"]) -> None:
        """Take up the state file where there is one; the model is loaded later, by `reload`."""
        self.places = places
        self.delivery = delivery
        self.model: Model | None = None
        self.slots: dict[str, np.ndarray] = {}
        self.conditions: state.Conditions = {}
        self.random = np.random.default_rng()
        self.seed = 0
        self._folder: str | None = None
        self._loader = loader
        self._take(state.restore(places.state))

    def _take(self, saved: state.State | None) -> None:
        if saved is None:
            self.reseed(secrets.randbelow(2**31))
            return
        self.seed, self.slots, self._folder, self.conditions = saved.seed, saved.slots, saved.model, saved.conditions
        self.random.bit_generator.state = saved.random

    def reseed(self, seed: int) -> None:
        """Start the random numbers anew."""
        self.seed = seed
        self.random = np.random.default_rng(seed)

    def load(self, name: str) -> "Model":
        """Load a checkpoint by name or path in place of the one that is loaded; no condition is set then.

        Raises:
            FileNotFoundError: the models folders have none of this name.
            ValueError: it cannot be read.
        """
        folder = locate(name, self.places.models)
        model = self._loader(folder)
        model.warm_up()
        self.model, self._folder, self.conditions = model, str(folder), {}
        return model

    def unload(self) -> None:
        """Forget the model and its conditions."""
        self.model, self._folder, self.conditions = None, None, {}

    def set_condition(self, name: str, words: Sequence[str]) -> None:
        """What the notes shall be from now on: the values of a condition; none, or "any": it is not set.

        Raises:
            ValueError: no model, or it has no such condition or value.
        """
        value = value_of(words)
        check(self.need_model().config, {name: value})
        # A new dict, for the one before may be taken up again.
        self.conditions = {own: values for own, values in self.conditions.items() if own != name}
        if value is not None:
            self.conditions[name] = tuple(value)

    def reload(self, name: str | None) -> None:
        """At the start: load NAME, or what the state file names; a failure is logged, not raised.

        The conditions of the state file hold on if it names the same model.
        """
        wanted, folder, conditions = name or self._folder, self._folder, self.conditions
        if wanted is None:
            return
        try:
            with self.all_or_nothing():
                self.load(wanted)
                if folder == self._folder:
                    self._set_again(conditions)
        except (OSError, ValueError) as error:
            self._folder, self.conditions = None, {}
            log.warning("starting without a model: %s", error)

    def _set_again(self, conditions: state.Conditions) -> None:
        for name, values in conditions.items():
            try:
                self.set_condition(name, values)
            except ValueError as error:
                log.warning("a condition is no longer set: %s", error)

    def need_model(self) -> "Model":
        """The loaded model.

        Raises:
            ValueError: there is none.
        """
        if self.model is None:
            raise ValueError("no model is loaded; send /sound/load first")
        return self.model

    def slot(self, name: str) -> np.ndarray:
        """The latent in a slot, float32 [latent].

        Raises:
            ValueError: there is no such slot.
        """
        if name not in self.slots:
            raise ValueError(f"no slot {name[:60]!r}; make it with /sound/randomize_z or /sound/set_z")
        # Used last, so it goes last when room is needed.
        self.slots[name] = self.slots.pop(name)
        return self.slots[name]

    def latents(self, names: Sequence[str]) -> np.ndarray:
        """The latents in slots for the loaded model, float32 [n, latent].

        Raises:
            ValueError: no model, no such slot, or a slot that was made for another latent size.
        """
        model = self.need_model()
        for name in names:
            size = len(self.slot(name))
            if size != model.latent_size:
                raise ValueError(
                    f"slot {name[:60]!r} has {size} values, but {model.name} needs {model.latent_size}; make it anew"
                )
        return np.stack([self.slots[name] for name in names])

    def put(self, name: str, z: np.ndarray) -> None:
        """Fill a slot. Beyond MAX_SLOTS the one that was not used for longest goes: clients make new names each day."""
        self.slots.pop(name, None)
        while len(self.slots) >= MAX_SLOTS:
            del self.slots[next(iter(self.slots))]
        self.slots[name] = np.asarray(z, np.float32)

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """Save what changed in the block; if it raises, everything is as before."""
        before = self._snapshot()
        try:
            yield
            self.save(before)
        except BaseException:
            self.model, self._folder, self.conditions, self.seed, self.slots, self.random = before[:6]
            self.random.bit_generator.state = before[6]
            raise

    def _snapshot(self) -> tuple:
        random = dict(self.random.bit_generator.state)
        return self.model, self._folder, self.conditions, self.seed, dict(self.slots), self.random, random

    def save(self, before: tuple) -> None:
        """Write the state file if anything in it differs from a snapshot."""
        _, folder, conditions, seed, slots, _, random = before
        now = dict(self.random.bit_generator.state)
        same_slots = slots.keys() == self.slots.keys() and all(slots[name] is self.slots[name] for name in slots)
        if same_slots and (folder, conditions, seed, random) == (self._folder, self.conditions, self.seed, now):
            return
        state.save(self.places.state, state.State(self.seed, now, self.slots, self._folder, self.conditions))
