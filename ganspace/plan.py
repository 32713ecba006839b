"""What to compute: layer, estimator, counts."""

from dataclasses import dataclass

ESTIMATORS = ("ipca", "pca", "fbpca", "ica", "spca", "stream")
# Above it one wants the streaming sketch.
MANY = 65_536
DEFAULT_COMPONENTS = 128


@dataclass(frozen=True)
class Plan:
    """How directions are found.

    Args:
        layer: whose activations; see `Model.layers`.
        count: how many latent vectors are sampled.
        estimator: one of ESTIMATORS; "": ipca, from MANY samples on stream.
        components: how many directions; 0: as many as the layer has values. A layer with fewer gives fewer.
        pitch: MIDI pitch at which is sampled; None: 32, or the model's nearest.
        seed: the same seed gives the same directions.
        pca_batch_size: samples in one step of ipca; 0: as many as are fast.
        batch_size: notes that go through the network at once; 0: as many as are fast.

    Raises:
        ValueError: a value breaks a rule.
    """

    layer: str = "conv0"
    count: int = 8192
    estimator: str = ""
    components: int = DEFAULT_COMPONENTS
    pitch: int | None = None
    seed: int = 0
    pca_batch_size: int = 0
    batch_size: int = 0

    def __post_init__(self) -> None:
        if self.estimator not in ("", *ESTIMATORS):
            raise ValueError(f"estimator is {self.estimator!r}; it must be one of {', '.join(ESTIMATORS)}")
        for name, least in (("count", 2), ("components", 0), ("seed", 0), ("pca_batch_size", 0), ("batch_size", 0)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least {least}")

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
