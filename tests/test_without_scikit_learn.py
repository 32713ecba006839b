"""The base installation has no scikit-learn: what plays goes on, and what judges says what to install."""

import subprocess
import sys

import numpy as np
import pytest
from sklearn.decomposition import NMF
from waiting import PATIENCE_S

from core.audio.signals.factorization import factorize, strengths_of
from tests.conftest import SMALL

WITHOUT = "import sys; sys.modules['sklearn'] = None; from {module} import main; sys.exit(main({words!r}))"
INSTALL = "this needs scikit-learn, which is not installed: pip install 'hallu[analysis]'"


def run_without(module, *words, cwd):
    program = WITHOUT.format(module=module, words=[str(word) for word in words])
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=cwd, timeout=2 * PATIENCE_S
    )


@pytest.mark.parametrize("estimator", ["ipca", "fbpca"])
def test_principal_directions_are_found_without_it(tmp_path, estimator):
    words = ["--ckpt_dir", SMALL, "--random_z_count", 300, "--components", 4, "--estimator", estimator]
    done = run_without("scripts.gansynth_ganspace", *words, "--pca_out_file", "a.npz", cwd=tmp_path)
    assert (done.returncode, (tmp_path / "a.npz").exists()) == (0, True), done.stderr


@pytest.mark.parametrize("estimator", ["ica", "spca"])
def test_other_directions_say_what_to_install(tmp_path, estimator):
    words = ["--ckpt_dir", SMALL, "--random_z_count", 300, "--estimator", estimator, "--pca_out_file", "a.npz"]
    done = run_without("scripts.gansynth_ganspace", *words, cwd=tmp_path)
    assert done.returncode == 1 and done.stderr.rstrip().endswith(INSTALL)
    assert list(tmp_path.iterdir()) == []


def rows(count=200, size=60, parts=4):
    rng = np.random.default_rng(0)
    return (rng.random((count, parts)) ** 3 @ rng.random((parts, size)) ** 3).astype(np.float32)


@pytest.mark.parametrize("count", [200, 30])
def test_parts_of_rows_are_scikit_learns(count):
    model = NMF(4, max_iter=300, random_state=0)
    strengths, parts = factorize(rows(count), 4, 300)
    np.testing.assert_allclose(strengths, model.fit_transform(rows(count)), atol=2e-3 * strengths.max())
    np.testing.assert_allclose(parts, model.components_, atol=2e-3 * parts.max())
    again = strengths_of(rows(count)[:9], model.components_, 300)
    np.testing.assert_allclose(again, model.transform(rows(count)[:9]), atol=1e-4)


@pytest.mark.parametrize("values", [np.zeros((5, 7)), np.ones((3, 7)), np.eye(1, 7)])
def test_rows_of_fewer_parts_than_are_wanted(values):
    strengths, parts = factorize(values.astype(np.float32), 4, 100)
    np.testing.assert_allclose(strengths @ parts, values, atol=1e-3)
