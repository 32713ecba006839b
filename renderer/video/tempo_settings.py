"""The parameters of a loop in tempo, gan-video-synth's, checked; from flags, a preset file or a manifest."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from core import checks
from core.latent.oscillators import Oscillator
from renderer.video.shape import Shape, read_ratio

_SETS, _SET_SIZE = 10, 8
_MAGNITUDES = (1.0,) * _SETS
_PERIODS = (1, 1, 2, 2, 4, 4, 8, 8, 16, 16)
_FUNCTIONS = ("ramp", "ramp+0.5", "ramp", "sin", "cos", "sin", "cos", "sin", "cos", "sin")
_LIMITS: dict[str, tuple[float, float]] = {
    "bpm": (1, 1000),
    "num_beats": (1, 4096),
    "y_scale": (0.01, 10),
    "truncation": (0.02, 1),
    "fps": (1, 240),
    "seed": (0, 2**63 - 1),
}
_WHOLE = {"num_beats", "seed"}

Axes = tuple[int, ...]


@dataclass(frozen=True)
class Tempo:
    """A loop's parameters, named as gan-video-synth's.

    Attributes:
        seed: of all random numbers.
        bpm: beats per minute.
        num_beats: length of the loop.
        classes: numbers or names; none: class 309 of a model with 1000, else a random one.
        y_scale: the strength of the classes, see `loops.label`.
        truncation: of z and the model.
        random_label: a random class vector in place of the classes.
        quantize_label: each class of it is either on or off.
        fps: frames per second; changed a little so that the loop is exactly as long as its beats.
        axis_sets: which axes of z swing together; None: ten sets over the first axes. A set (or its magnitude,
            or its period) that is None is left out.
        magnitudes: how far each set swings.
        periods: beats of one swing. None: gan-video-synth's, shortened where they do not go into the beats.
        funcs: names of functions, see `core.latent.oscillators.FUNCTIONS`.
        ratio: width to height, where there is no size: as high (or wide) as the model's frames.
        size: width and height such as 1280x720, see `Shape`; "": by the ratio.
        fit: see `Shape`.
        sharpen: see `Shape`.

    Raises:
        ValueError: a value breaks a rule; the message says which.
    """

    seed: int
    bpm: float = 120.0
    num_beats: int = 16
    classes: tuple[str, ...] = ()
    y_scale: float = 1.0
    truncation: float = 1.0
    random_label: bool = False
    quantize_label: bool = False
    fps: float = 30.0
    axis_sets: tuple[Axes | None, ...] | None = None
    magnitudes: tuple[float | None, ...] | None = None
    periods: tuple[float | None, ...] | None = None
    funcs: tuple[str, ...] | None = None
    ratio: str = "16:9"
    size: str = ""
    fit: str = "mirror"
    sharpen: float = 0.0

    def __post_init__(self) -> None:
        for name, (low, high) in _LIMITS.items():
            value = checks.in_range(name, getattr(self, name), low, high)
            if name in _WHOLE and not isinstance(value, int):
                raise checks.mismatch(name, "be a whole number", value)
        for name in ("random_label", "quantize_label"):
            checks.of_kind(name, getattr(self, name), bool)
        read_ratio(self.ratio)
        Shape(self.size, self.fit, self.sharpen)
        if self.random_label and self.classes:
            raise ValueError("random_label and classes exclude each other: each chooses the class vector")

    @property
    def shape(self) -> Shape:
        """Of the frames."""
        width, height = read_ratio(self.ratio).as_integer_ratio()
        return Shape(self.size or f"{width}:{height}", self.fit, self.sharpen)

    def oscillators(self, z_size: int) -> tuple[Oscillator, ...]:
        """The oscillators of a latent vector with z_size axes.

        Raises:
            ValueError: the four lists differ in length, or contain a value of the wrong kind.
        """
        sets = _default_sets(z_size) if self.axis_sets is None else self.axis_sets
        count = len(sets)
        lists = {
            "axis_sets": sets,
            "magnitudes": _MAGNITUDES[:count] if self.magnitudes is None else self.magnitudes,
            "periods": fitting_periods(self.num_beats)[:count] if self.periods is None else self.periods,
            "funcs": _FUNCTIONS[:count] if self.funcs is None else self.funcs,
        }
        if len(set(map(len, lists.values()))) > 1:
            lengths = ", ".join(f"{name} {len(values)}{self._given(name)}" for name, values in lists.items())
            raise ValueError(f"the lists must have the same length, not {lengths}")
        return tuple(Oscillator(*group) for group in zip(*lists.values(), strict=True) if None not in group)

    def _given(self, name: str) -> str:
        """A list's values in brackets, if it is not the default."""
        values = getattr(self, name)
        return "" if values is None else f" ({' '.join(map(checks.shown, values))})"


def _default_sets(z_size: int) -> tuple[Axes, ...]:
    size = max(1, min(_SET_SIZE, z_size // _SETS))
    return tuple(tuple(range(first, first + size)) for first in range(0, min(_SETS * size, z_size), size))


def fitting_periods(beats: int) -> tuple[float, ...]:
    """The default periods; one that does not divide the beats becomes the next shorter one that does."""
    return tuple(max(p for p in _PERIODS if p <= period and beats % p == 0) for period in _PERIODS)


def settings_of(values: Mapping[str, Any]) -> Tempo:
    """Settings from plain values, such as those of a file.

    Raises:
        ValueError: a name is unknown, or a value breaks a rule.
    """
    known = {field.name for field in fields(Tempo)}
    if unknown := sorted(set(map(str, values)) - known):
        raise ValueError(f"there is no parameter {unknown[0]!r}; the parameters are {', '.join(sorted(known))}")
    try:
        return Tempo(**{name: _READ.get(name, _unchanged)(value) for name, value in values.items()})
    except TypeError as error:
        raise ValueError(f"a parameter is of the wrong kind: {error}") from None


def _unchanged(value: Any) -> Any:
    return value


def _axis_sets(value: Any) -> tuple[Axes | None, ...] | None:
    return None if value is None else tuple(None if one is None else axes(one) for one in value)


def axes(value: Any) -> Axes:
    """Axes as a list of numbers, one number, or a text: "0-7", "0,3,8-11".

    Raises:
        ValueError: it is something else.
    """
    if isinstance(value, str):
        return tuple(axis for part in value.split(",") for axis in _span(part))
    listed = value if isinstance(value, Sequence) else [value]
    if any(isinstance(axis, bool) or not isinstance(axis, int) for axis in listed):
        raise ValueError(f"axes must be whole numbers, or a text such as 0-7, not {value!r}")
    return tuple(listed)


def _span(text: str) -> range:
    first, dash, last = text.partition("-")
    try:
        return range(int(first), int(last if dash else first) + 1)
    except ValueError:
        raise ValueError(f"axes must be like 0-7 or 0,3,8-11, not {text!r}") from None


def _numbers(value: Any) -> tuple[float | None, ...] | None:
    return None if value is None else tuple(None if one is None else float(one) for one in value)


def _words(value: Any) -> tuple[str, ...]:
    return tuple(str(one) for one in (value if isinstance(value, (list, tuple)) else [value]))


def _names(value: Any) -> tuple[str, ...] | None:
    return None if value is None else _words(value)


def _ratio(value: Any) -> str:
    # YAML reads 16:9 as sixteen hours and nine minutes.
    return f"{value // 60}:{value % 60}" if isinstance(value, int) and value > 60 else str(value)


# How the values of a file are converted.
_READ: dict[str, Callable[[Any], Any]] = {
    "axis_sets": _axis_sets,
    "magnitudes": _numbers,
    "periods": _numbers,
    "funcs": _names,
    "classes": _words,
    "ratio": _ratio,
    "size": _ratio,
}
