"""A bend: which layer is transformed, how, and how much."""

from dataclasses import dataclass
from types import MappingProxyType

from core import checks

# What a network does: take each pixel from elsewhere, multiply by a matrix on both sides, turn colours, mix.
WARP, BLUR, HUE, BLEND = "warp", "blur", "hue", "blend"


@dataclass(frozen=True)
class Transform:
    """One kind of bend.

    Attributes:
        operation: what the network does.
        low: the lowest amount.
        high: the highest.
        rest: the amount that changes nothing.
        reach: how far from rest a fader should go.
        help: what an amount means.
        centred: whether x and y are the centre, in half edges from the middle; else they are a direction, or nothing.
        directed: whether x and y are a direction.
    """

    operation: str
    low: float
    high: float
    rest: float
    reach: float
    help: str
    centred: bool = False
    directed: bool = False

    @property
    def fader(self) -> tuple[float, float]:
        """The lowest and the highest amount of a fader."""
        return max(self.low, self.rest - self.reach), min(self.high, self.rest + self.reach)


TRANSFORMS = MappingProxyType(
    {
        "zoom": Transform(WARP, 0.05, 4.0, 1.0, 1.0, "below 1 comes nearer, above 1 goes away", centred=True),
        "blur": Transform(BLUR, 0.0, 4.0, 0.0, 1.0, "a Gaussian of 4 pixels of the map times the amount"),
        "translate": Transform(WARP, -64.0, 64.0, 0.0, 2.0, "15 pixels of the map times the amount", directed=True),
        "rotate": Transform(WARP, -18.0, 18.0, 0.0, 4.5, "20 degrees times the amount", centred=True),
        "shear": Transform(WARP, -1.7, 1.7, 0.0, 1.0, "50 degrees times the amount", centred=True),
        "blend": Transform(BLEND, 0.0, 2.0, 0.0, 1.0, "towards white; 1: all white"),
        "hue": Transform(
            HUE, -1.0, 1.0, 0.0, 1.0, "turns of the colour circle; of three thirds of the channels elsewhere"
        ),
        "swirl": Transform(WARP, -100.0, 100.0, 0.0, 40.0, "rings and waves; 1 to 40 is good", centred=True),
        "displace": Transform(WARP, 0.0, 4.0, 0.0, 1.0, "a map that flows; 1: as far as AIART's at full loudness"),
    }
)
_RIGHT = (1.0, 0.0)


@dataclass(frozen=True)
class Bend:
    """One transform of one layer.

    Attributes:
        layer: its name.
        transform: a name in `TRANSFORMS`.
        amount: how much; see the transform.
        x: to the right: where the centre is, or the direction. None: the middle, or right.
        y: down, likewise.
        turns: how far the map of "displace" has flowed; whole turns come back to its beginning.
        detail: how fine that map is, 0..1.

    Raises:
        ValueError: there is no such transform, or a number is out of its range.
    """

    layer: str
    transform: str
    amount: float
    x: float | None = None
    y: float | None = None
    turns: float = 0.0
    detail: float = 0.9

    def __post_init__(self) -> None:
        checks.one_of("transform", self.transform, tuple(TRANSFORMS))
        kind = TRANSFORMS[self.transform]
        checks.in_range(f"the amount of {self.transform}", self.amount, kind.low, kind.high)
        for name in ("x", "y"):
            if (value := getattr(self, name)) is not None:
                checks.in_range(name, value, -4, 4)
        checks.number("turns", self.turns)
        checks.in_range("detail", self.detail, 0, 1)

    @property
    def operation(self) -> str:
        """What the network does for it."""
        return TRANSFORMS[self.transform].operation

    @property
    def centre(self) -> tuple[float, float]:
        """X and y of the centre, in half edges from the middle."""
        return self.x or 0.0, self.y or 0.0

    @property
    def direction(self) -> tuple[float, float]:
        """X and y of the direction: right, where none is given."""
        return self.centre if any(self.centre) else _RIGHT
