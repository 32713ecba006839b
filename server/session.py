"""Everything that commands change, as one frozen value: a command leads from one session to the next."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from core.commands.limits import MAX_SLOTS
from ganspace.edited_models import EditedModel
from gansynth.conditions import check, value_of
from gansynth.config import nearest_pitch
from gansynth.level import Level
from server.model_files import FileStates

if TYPE_CHECKING:
    from ganspace import Components
    from gansynth.model import Model
    from server.loaded_foley import LoadedFoley

DEFAULT_PITCH = 32

Conditions = Mapping[str, tuple[str, ...]]
Slots = Mapping[str, np.ndarray]
_AS_IT_IS = Level()
_EMPTY: Mapping[str, Any] = MappingProxyType({})
_NO_FILES: FileStates = MappingProxyType({})


@dataclass(frozen=True)
class Setup:
    """A model and what is set for it, by their files' names.

    Attributes:
        model: the checkpoint folder.
        conditions: see `Session`.
        components: the components file.
        edits: see `Session`.
    """

    model: str | None = None
    conditions: Conditions = field(default_factory=lambda: _EMPTY)
    components: str | None = None
    edits: tuple[float, ...] = ()


_NO_SETUP = Setup()


@dataclass(frozen=True, eq=False)
class Session:
    """The session of all clients.

    Attributes:
        seed: the seed that the random numbers started from.
        random: the state of numpy's generator now.
        slots: latent vectors, float32 [latent], by name; the one that was used last is the last one.
        model: the loaded model.
        folder: its checkpoint folder.
        files: the folder's files when the model was loaded.
        level: the gains that make its sounds equally loud.
        conditions: what notes are besides their pitch, by the condition's name.
        components: the loaded directions of the model.
        components_file: their file.
        edits: added to every z, in standard deviations.
        waiting: what the state file names and could not be loaded; it stays in the file until somebody replaces it.
        foley: what gives pictures a sound.
        waiting_foley: the folder of the foley model that the state file names, until one is loaded.
    """

    seed: int
    random: Mapping[str, Any]
    slots: Slots = field(default_factory=lambda: _EMPTY)
    model: "Model | None" = None
    folder: str | None = None
    files: FileStates = field(default_factory=lambda: _NO_FILES)
    level: Level = _AS_IT_IS
    conditions: Conditions = field(default_factory=lambda: _EMPTY)
    components: "Components | None" = None
    components_file: str | None = None
    edits: tuple[float, ...] = ()
    waiting: Setup = _NO_SETUP
    foley: "LoadedFoley | None" = None
    waiting_foley: str | None = None

    @classmethod
    def seeded(cls, seed: int) -> "Session":
        """An empty session whose random numbers start from a seed."""
        return cls(seed, np.random.default_rng(seed).bit_generator.state)

    def after(self, before: "Session", now: "Session") -> "Session":
        """What led from the session `before` to this one, done to `now`: notes were played meanwhile.

        Where both changed the same, what happened meanwhile stays.
        """
        if before is now:
            return self
        names = [field.name for field in fields(self)]
        changed = [name for name in names if getattr(self, name) is not getattr(before, name)]
        free = [name for name in changed if getattr(now, name) is getattr(before, name)]
        # Of the slots each counts by itself: a note that was played meanwhile has changed their order.
        filled = [(name, z) for name, z in self.slots.items() if z is not before.slots.get(name)]
        untouched = [(name, z) for name, z in filled if now.slots.get(name) is before.slots.get(name)]
        merged = now.with_slots(untouched) if "slots" in changed and "slots" not in free else now
        return replace(merged, **{name: getattr(self, name) for name in free})

    def with_seed(self, seed: int) -> "Session":
        """The session with random numbers that start from a seed."""
        return replace(self, seed=seed, random=np.random.default_rng(seed).bit_generator.state)

    def draw(self, *shape: int) -> "tuple[Session, np.ndarray]":
        """Random numbers of the normal distribution, float32 [*shape], and the session after them."""
        return self._drawn(lambda random: random.standard_normal(shape, np.float32))

    def draw_latents(self, count: int) -> "tuple[Session, np.ndarray]":
        """Random latents of the model under the conditions that are set, float32 [count, latent]; see `draw`.

        Raises:
            ValueError: no model is loaded.
        """
        prior = self.need_model().prior
        return self._drawn(lambda random: prior.draw(random, count, self.conditions))

    def _drawn(self, draw: Callable[[np.random.Generator], np.ndarray]) -> "tuple[Session, np.ndarray]":
        generator = np.random.Generator(np.random.PCG64(0))
        generator.bit_generator.state = dict(self.random)
        numbers = draw(generator)
        return replace(self, random=generator.bit_generator.state), numbers

    def with_model(
        self, model: "Model | None", folder: Path | None, level: Level = _AS_IT_IS, files: FileStates = _NO_FILES
    ) -> "Session":
        """The session with another model, or none; conditions, components and edits are those of a model and go."""
        return replace(
            self,
            model=model,
            folder=None if folder is None else str(folder),
            files=files,
            level=level,
            conditions=_EMPTY,
            components=None,
            components_file=None,
            edits=(),
            waiting=_NO_SETUP,
        )

    @property
    def setup(self) -> Setup:
        """What the state file is to hold: what is set, and what waits."""
        waiting, own = self.waiting, self.components_file
        conditions = {**waiting.conditions, **self.conditions}
        edits = self.edits if own else waiting.edits
        return Setup(self.folder or waiting.model, conditions, own or waiting.components, edits)

    def with_condition(self, name: str, words: Sequence[str]) -> "Session":
        """The session with the values of one condition; no words, or "any": it is not set.

        Raises:
            ValueError: no model, or it has no such condition or value.
        """
        value = value_of(words)
        check(self.need_model().config, {name: value})
        others = {other: values for other, values in self.conditions.items() if other != name}
        session = replace(
            self, conditions=MappingProxyType(others if value is None else {**others, name: tuple(value)})
        )
        waiting = {other: values for other, values in self.waiting.conditions.items() if other != name}
        return replace(session, waiting=replace(self.waiting, conditions=waiting))

    def with_components(self, components: "Components", file: Path) -> "Session":
        """The session with other components; edits belong to components and go."""
        waiting = replace(self.waiting, components=None, edits=())
        return replace(self, components=components, components_file=str(file), edits=(), waiting=waiting)

    def with_edits(self, edits: Sequence[float]) -> "Session":
        """The session with other edits, in standard deviations; none: nothing is added.

        Raises:
            ValueError: no components, or fewer directions than edits.
        """
        if edits:
            self.need_components().offsets(np.array([edits], np.float64))
        return replace(self, edits=tuple(edits))

    @property
    def foley_folder(self) -> str | None:
        """The folder of the foley model, for the state file."""
        return self.foley.folder if self.foley else self.waiting_foley

    def with_foley(self, foley: "LoadedFoley") -> "Session":
        """The session with another foley model."""
        return replace(self, foley=foley, waiting_foley=None)

    def need_foley(self) -> "LoadedFoley":
        """The loaded foley model.

        Raises:
            ValueError: there is none.
        """
        if self.foley is None:
            raise ValueError("no foley model is loaded; send /sound/load_foley")
        return self.foley

    def need_model(self) -> "Model":
        """The loaded model.

        Raises:
            ValueError: there is none.
        """
        if self.model is None:
            raise ValueError("no model is loaded; click load, or send /sound/load")
        return self.model

    def need_components(self) -> "Components":
        """The loaded components.

        Raises:
            ValueError: there are none.
        """
        if self.components is None:
            raise ValueError("no directions are loaded; click load directions, or send /sound/load_ganspace_components")
        return self.components

    def edited_model(self) -> "Model | EditedModel":
        """The model with the edits that are set.

        Raises:
            ValueError: no model is loaded.
        """
        model = self.need_model()
        if self.components is None or not any(self.edits):
            return model
        return EditedModel(model, self.components, self.edits)

    def default_pitch(self) -> int:
        """The pitch if none is given: DEFAULT_PITCH, or the model's nearest.

        Raises:
            ValueError: no model is loaded.
        """
        return nearest_pitch(self.need_model().pitches, DEFAULT_PITCH)

    def using(self, names: Iterable[str]) -> "Session":
        """The session in which these slots were used last.

        Raises:
            ValueError: there is no such slot.
        """
        slots = dict(self.slots)
        for name in names:
            if name not in slots:
                raise ValueError(f"no slot {name[:60]!r}; make it with /sound/randomize_z or /sound/set_z")
            slots[name] = slots.pop(name)
        return replace(self, slots=MappingProxyType(slots))

    def latents(self, names: Sequence[str], model: "Model | None" = None) -> "tuple[Session, np.ndarray]":
        """The latent vectors in slots for a model, float32 [n, latent], and the session after this use.

        Args:
            names: the slots.
            model: None: the loaded one.

        Raises:
            ValueError: no model, no such slot, or a slot that was filled for another latent size.
        """
        model = model or self.need_model()
        session = self.using(names)
        for name in names:
            size = len(session.slots[name])
            if size != model.latent_size:
                raise ValueError(
                    f"slot {name[:60]!r} has {size} values, but {model.name} needs {model.latent_size}; fill it again"
                )
        return session, np.stack([session.slots[name] for name in names])

    def with_slots(self, latents: Iterable[tuple[str, np.ndarray]]) -> "Session":
        """The session with slots that hold these latent vectors [size].

        Beyond MAX_SLOTS those that have not been used for longest go: clients make up new names every day.
        """
        slots = dict(self.slots)
        for name, z in latents:
            slots.pop(name, None)
            slots[name] = _constant(z)
        for name in list(slots)[: max(0, len(slots) - MAX_SLOTS)]:
            del slots[name]
        return replace(self, slots=MappingProxyType(slots))


def _without(conditions: Conditions, name: str) -> dict[str, tuple[str, ...]]:
    return {other: values for other, values in conditions.items() if other != name}


def _constant(z: np.ndarray) -> np.ndarray:
    vector = np.array(z, np.float32)
    vector.flags.writeable = False
    return vector
