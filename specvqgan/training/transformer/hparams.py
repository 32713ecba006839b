"""Hyper-parameters of a transformer's run."""

from dataclasses import dataclass

from core import checks
from specvqgan.training.settings import Hparams


@dataclass(frozen=True)
class TransformerHparams(Hparams):
    """Besides those of all runs.

    Attributes:
        codebook: a folder with the trained codebook whose codes are learned.
        weight_decay: AdamW's, of the matrices of dense layers.
        dropout: the share of attention and of hidden values that is left out in training.
        noise: deviation of what is added to features in training.
        aligned: first weights know which moment and which column are at the same time; see `aligned`.
        class_dropout: how many clips are learned without their class, so that it need not be asked for.
    """

    rate: float = 5e-6
    codebook: str = ""
    weight_decay: float = 0.01
    dropout: float = 0.0
    noise: float = 0.0
    aligned: bool = False
    class_dropout: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.in_range("weight_decay", self.weight_decay, 0)
        checks.in_range("noise", self.noise, 0)
        checks.in_range("dropout", self.dropout, 0, 0.9)
        checks.in_range("class_dropout", self.class_dropout, 0, 1)
        if not self.codebook:
            raise ValueError("training.codebook is missing: name the folder of the trained codebook")
