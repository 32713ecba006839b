"""What the engine thread owns: the setup, the latent slots, the random numbers; and what it changes, all or nothing."""

import logging
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import ganspace
from core.commands.limits import MAX_SLOTS
from ganspace.edited_models import EditedModel, check_layer
from gansynth.conditions import check, value_of
from gansynth.config import nearest_pitch
from server import state
from server.checkpoints import locate, locate_components
from server.sinks.wav_spool import WavSpool
from server.sounds.rendered import RenderedSound

if TYPE_CHECKING:
    from core.progress import Progress
    from ganspace import Components
    from gansynth.model import Model

log = logging.getLogger(__name__)

DEFAULT_PITCH = 32


@dataclass(frozen=True)
class Folders:
    """Where a studio finds its models and keeps its state."""

    models: tuple[Path, ...]
    state: Path


@dataclass(frozen=True)
class Loaded:
    """What is loaded, from where, and what is set for all notes until something else is loaded."""

    model: "Model | None" = None
    folder: str | None = None
    conditions: state.Conditions = field(default_factory=dict)
    components: "Components | None" = None
    components_file: str | None = None
    edits: tuple[float, ...] = ()


class Session:
    """Owned by the engine thread; other threads may read `setup` alone."""

    def __init__(self, places: Folders, delivery: WavSpool, loader: Callable[[Path], "Model"]) -> None:
        """Take up the state file where there is one; what it names is loaded later, by `reload`."""
        self.places = places
        self.delivery = delivery
        self.setup = Loaded()
        self.slots: dict[str, np.ndarray] = {}
        self.random = np.random.default_rng()
        self.seed = 0
        # Of the request that is being done.
        self.made: list[RenderedSound] = []
        self._loader = loader
        self._saved: state.State | None = state.restore(places.state)
        self._take(self._saved)

    def _take(self, saved: state.State | None) -> None:
        if saved is None:
            self.reseed(secrets.randbelow(2**31))
            return
        self.seed, self.slots = saved.seed, saved.slots
        self.random.bit_generator.state = saved.random

    @property
    def model(self) -> "Model | None":
        """The loaded model."""
        return self.setup.model

    @property
    def conditions(self) -> state.Conditions:
        """The conditions that are set."""
        return self.setup.conditions

    def reseed(self, seed: int) -> None:
        """Start the random numbers anew."""
        self.seed = seed
        self.random = np.random.default_rng(seed)

    def load(self, name: str) -> "Model":
        """Load a checkpoint by name or path in place of the one that is loaded; nothing else is loaded or set then.

        Raises:
            FileNotFoundError: the models folders have none of this name.
            ValueError: it cannot be read.
        """
        folder = locate(name, self.places.models)
        model = self._loader(folder)
        model.warm_up()
        self.setup = Loaded(model, str(folder))
        return model

    def unload(self) -> None:
        """Forget the model, and with it the components and what was set."""
        self.setup = Loaded()

    def set_condition(self, name: str, words: Sequence[str]) -> None:
        """What the notes shall be from now on: the values of a condition; none, or "any": it is not set.

        Raises:
            ValueError: no model, or it has no such condition or value.
        """
        value = value_of(words)
        check(self.need_model().config, {name: value})
        conditions = {own: values for own, values in self.conditions.items() if own != name}
        if value is not None:
            conditions[name] = tuple(value)
        self.setup = replace(self.setup, conditions=conditions)

    def load_components(self, name: str, progress: "Progress | None" = None) -> "tuple[Components, Path]":
        """Load directions of the loaded model; no edits are set then.

        Args:
            name: of a file; "auto": the checkpoint's own, which is made where there is none.
            progress: see `ganspace.compute`.

        Returns:
            The components and their file.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: no model, or the file cannot be read or does not fit the model.
            OSError: the file of "auto" cannot be written.
        """
        model = self.need_model()
        if name == "auto":
            file = ganspace.own_file(model)
            components = ganspace.own(model, progress=progress)
        else:
            file = locate_components(name, Path(self.setup.folder or ""), self.places.models)
            components = ganspace.load(file)
        check_layer(model, components)
        self.setup = replace(self.setup, components=components, components_file=str(file), edits=())
        return components, file

    def set_edits(self, edits: Sequence[float]) -> None:
        """What is added to every z from now on, in standard deviations; none: nothing.

        Raises:
            ValueError: no components, or fewer directions than edits.
        """
        if edits:
            self.need_components().offsets(np.array([edits], np.float64))
        self.setup = replace(self.setup, edits=tuple(edits))

    def reload(self, name: str | None) -> None:
        """At the start: load NAME, or what the state file names; a failure is logged, not raised.

        What the state file says of the model holds on if it names the same one.
        """
        saved = self._saved
        wanted = name or (saved.model if saved else None)
        if wanted is None:
            return
        try:
            with self.all_or_nothing():
                self.load(wanted)
                if saved and saved.model == self.setup.folder:
                    self._set_again(saved)
        except (OSError, ValueError) as error:
            log.warning("starting without a model: %s", error)

    def _set_again(self, saved: state.State) -> None:
        for name, values in saved.conditions.items():
            try:
                self.set_condition(name, values)
            except ValueError as error:
                log.warning("a condition is no longer set: %s", error)
        if saved.components is None:
            return
        try:
            self.load_components(saved.components)
            self.set_edits(saved.edits)
        except (OSError, ValueError) as error:
            log.warning("starting without components: %s", error)

    def need_model(self) -> "Model":
        """The loaded model.

        Raises:
            ValueError: there is none.
        """
        if self.model is None:
            raise ValueError("no model is loaded; send /sound/load first")
        return self.model

    def need_components(self) -> "Components":
        """The loaded components.

        Raises:
            ValueError: there are none.
        """
        if self.setup.components is None:
            raise ValueError("no components are loaded; send /sound/load_ganspace_components first")
        return self.setup.components

    def player(self) -> "Model | EditedModel":
        """What plays latents now: the model, with the edits that are set.

        Raises:
            ValueError: there is no model.
        """
        model, setup = self.need_model(), self.setup
        return EditedModel(model, setup.components, setup.edits) if setup.components and any(setup.edits) else model

    def default_pitch(self) -> int:
        """The pitch where none is given: 32, or the model's nearest.

        Raises:
            ValueError: there is no model.
        """
        return nearest_pitch(self.need_model().pitches, DEFAULT_PITCH)

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
            self.setup, self.seed, self.slots, self.random = before[:4]
            self.random.bit_generator.state = before[4]
            raise

    def _snapshot(self) -> tuple:
        return self.setup, self.seed, dict(self.slots), self.random, dict(self.random.bit_generator.state)

    def save(self, before: tuple) -> None:
        """Write the state file if anything in it differs from a snapshot."""
        setup, seed, slots, _, random = before
        now = dict(self.random.bit_generator.state)
        same_slots = slots.keys() == self.slots.keys() and all(slots[name] is self.slots[name] for name in slots)
        if same_slots and setup is self.setup and (seed, random) == (self.seed, now):
            return
        loaded = self.setup
        kept = (loaded.folder, loaded.conditions, loaded.components_file, loaded.edits)
        state.save(self.places.state, state.State(self.seed, now, self.slots, *kept))
