"""The stages of a StyleGAN2 run: one for each size of its images, pretraining before training."""

from dataclasses import dataclass

from renderer.stylegan2.training.hparams import StyleGan2Hparams


@dataclass(frozen=True)
class ImageStage:
    """Up to `end` images seen, at `size` pixels; in `pretraining` the dataset is reconstructed."""

    end: int
    size: int
    pretraining: bool = False


def stages(hparams: StyleGan2Hparams) -> list[ImageStage]:
    """All stages in order. The last size has what the others leave of the run, so a short run may never reach it."""
    *before, last = hparams.sizes
    ends = [min((number + 1) * hparams.grow_images, hparams.total_images) for number in range(len(before))]
    found, start = [], 0
    for end, size in zip([*ends, hparams.total_images], [*before, last], strict=True):
        middle = min(end, hparams.warm_start_images)
        found += [ImageStage(middle, size, True)] if start < middle else []
        found += [ImageStage(end, size)] if middle < end or not found else []
        start = end
    return found
