"""Measure GANSpace at full size: conv0 of mel_prog_hires (8192 values), random weights.

    python -m bench.ganspace              ipca of 8192 samples, ours and scikit-learn's; stream, extrapolated
    python -m bench.ganspace --whole      stream of all 4 194 304 samples

Loading is not counted. Beside the seconds stands the share of the processor: 2.0 is two cores for oneself.
"""

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ganspace import Plan, compute_file, sampling
from gansynth.model import Model

COUNT, MANY = 8192, 4_194_304
# Two lengths of the stream; their difference is what each further sample costs.
SHORT, LONG = 32_768, 131_072


def timed(call: Callable[[], Any]) -> tuple[float, float]:
    """Seconds on the clock, and of the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - clock, time.process_time() - processor


def row(what: str, seconds: tuple[float, float], note: str = "") -> str:
    """One line of the report."""
    return f"{what:<52}{seconds[0]:8.1f} s {seconds[1] / seconds[0]:6.1f} cores  {note}"


def reference(model: Model) -> tuple[float, float]:
    """scikit-learn's IncrementalPCA on the same samples and as many components: the fit alone."""
    from sklearn.decomposition import IncrementalPCA

    sampler = sampling.make(model, "conv0", 32, 0)
    chunks = range(COUNT // sampling.CHUNK)
    samples = np.concatenate([sampler.activations(sampler.latents(sampling.SAMPLES, chunk)) for chunk in chunks])
    return timed(lambda: IncrementalPCA(128, batch_size=512).fit(samples))


def main() -> None:
    """Measure and print."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--whole", action="store_true", help="stream all samples instead of extrapolating")
    whole = flags.parse_args().whole
    import gansynth
    from scripts.make_noise_checkpoint import FULL, SCHEDULE, write

    with tempfile.TemporaryDirectory() as scratch:
        write(Path(scratch) / "full", FULL | SCHEDULE, seed=0)
        model = gansynth.load(Path(scratch) / "full")

        def run(estimator: str, count: int) -> tuple[float, float]:
            plan = Plan(count=count, estimator=estimator)
            return timed(lambda: compute_file(model, plan, Path(scratch) / f"{estimator}_{count}.npz"))

        print(row(f"ipca, {COUNT} samples, start to file", run("ipca", COUNT)))
        print(row("  scikit-learn's IncrementalPCA(128), the fit alone", reference(model)))
        if whole:
            print(row(f"stream, {MANY} samples, start to file", run("stream", MANY)))
        else:
            short, long = run("stream", SHORT), run("stream", LONG)
            each = [(b - a) / (LONG - SHORT) for a, b in zip(short, long, strict=True)]
            print(row(f"stream, {LONG} samples, start to file", long))
            total = (long[0] + (MANY - LONG) * each[0], long[1] + (MANY - LONG) * each[1])
            print(row(f"  extrapolated to {MANY}", total, f"{1e6 * each[0]:.0f} us a sample"))
    unit = 2**20 if sys.platform == "darwin" else 2**10
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit:.0f} MB")


if __name__ == "__main__":
    main()
