"""Plans: which layer, which estimator, how many samples and directions."""

from dataclasses import dataclass

from core import checks

ESTIMATORS = ("ipca", "pca", "fbpca", "ica", "spca", "stream", "linear")
MOVED = ("z", "layer")
# From this many samples on the streaming sketch is the default.
MANY = 65_536
DEFAULT_COMPONENTS = 128


@dataclass(frozen=True)
class Plan:
    """How directions are found.

    Args:
        layer: whose activations, one of the model's `layers`; "": conv0, or the image model's default layer.
        count: how many latent vectors are sampled.
        estimator: one of ESTIMATORS; "": ipca, from MANY samples on stream; of image models linear, except in w.
        components: how many directions; 0: as many as the layer has values. A layer with fewer gives fewer, and so
            does linear where z has fewer.
        pitch: MIDI pitch of the samples; None: 32, or the model's nearest. Sound models only.
        seed: the same seed gives the same directions.
        pca_batch_size: samples in one step of ipca; 0: as many as are fast.
        batch_size: notes or images that go through the network at once; 0: as many as are fast.
        class_number: the class of the samples; None: random classes. Image models only.
        truncation: of z, 0..1. Image models only.
        move: what edits move, "layer" or "z"; "": the layer, of image models z, except in w. Only image models
            have "z".

    Raises:
        ValueError: a value breaks a rule.
    """

    layer: str = ""
    count: int = 8192
    estimator: str = ""
    components: int = DEFAULT_COMPONENTS
    pitch: int | None = None
    seed: int = 0
    pca_batch_size: int = 0
    batch_size: int = 0
    class_number: int | None = None
    truncation: float = 1.0
    move: str = ""

    def __post_init__(self) -> None:
        if self.estimator:
            checks.one_of("estimator", self.estimator, ESTIMATORS)
        if self.move:
            checks.one_of("move", self.move, MOVED)
        checks.above("truncation", self.truncation, 0, 1)
        if self.class_number is not None:
            checks.in_range("class_number", self.class_number, 0)
        for name, least in (("count", 2), ("components", 0), ("seed", 0), ("pca_batch_size", 0), ("batch_size", 0)):
            checks.in_range(name, getattr(self, name), least)

    @property
    def chosen_estimator(self) -> str:
        """The estimator, chosen by the count where none is named."""
        return self.estimator or ("stream" if self.count >= MANY else "ipca")

    def kept(self, size: int) -> int:
        """How many directions of a layer of `size` values are kept.

        Raises:
            ValueError: there are fewer samples than that.
        """
        kept = min(self.components or size, size)
        if self.count < kept:
            raise ValueError(
                f"{kept} components need at least as many samples, not {self.count}: "
                "raise --random_z_count or lower --components"
            )
        return kept
