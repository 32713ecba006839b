"""The stages of image training: growing sizes that fade in, pretraining before adversarial training, settling."""

import itertools
from dataclasses import dataclass

from renderer.training.hparams import ImageHparams


@dataclass(frozen=True)
class ImageStage:
    """From `start` to `end` images seen, at `size` pixels.

    `fading`: the size is fading in. `pretraining`: the generator reconstructs the dataset. `settling`: batch norm uses
    its moving statistics.
    """

    start: int
    end: int
    size: int
    fading: bool
    pretraining: bool
    settling: bool

    def fade(self, images: float) -> float:
        """How far the size has faded in: 0..1."""
        return (images - self.start) / (self.end - self.start) if self.fading else 1.0


def stages(hparams: ImageHparams) -> list[ImageStage]:
    """All stages in order; they follow each other without gaps up to the last image."""
    total = hparams.total_images
    begins = {number * hparams.grow_images: size for number, size in enumerate(hparams.sizes)}
    faded = {begin + hparams.fade_images for begin in begins if begin}
    changes = {0, hparams.warm_start_images, total - hparams.settle_images, *begins, *faded}
    edges = [*sorted(change for change in changes if 0 <= change < total), total]
    found = []
    for start, end in itertools.pairwise(edges):
        begin = max(begin for begin in begins if begin <= start)
        fading = begin > 0 and start < begin + hparams.fade_images
        pretraining, settling = start < hparams.warm_start_images, start >= total - hparams.settle_images
        found.append(ImageStage(start, end, begins[begin], fading, pretraining, settling))
    return found
