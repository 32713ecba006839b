"""Directions of samples whose covariance is known, and of those that Magenta's PCA saw."""

import numpy as np
import pytest
from sklearn.decomposition import IncrementalPCA

from ganspace import estimators, streaming
from ganspace.plan import ESTIMATORS, Plan

SIZE, LATENT = 60, 8


def known(count=4000, seed=0, size=SIZE):
    """Gaussian samples around 5 with stdevs 10, 8, 6, 4 along four random axes and 0.1 elsewhere; the axes."""
    rng = np.random.default_rng(seed)
    axes, _ = np.linalg.qr(rng.standard_normal((size, size)))
    stdev = np.r_[10, 8, 6, 4, np.full(size - 4, 0.1)]
    return ((rng.standard_normal((count, size)) * stdev) @ axes.T + 5).astype(np.float32), axes.T[:4]


def fit(samples, parts=7, **plan):
    plan = Plan(**({"count": len(samples), "components": 4} | plan))
    estimator = estimators.make(plan, samples.shape[1], LATENT)
    for part in np.array_split(samples, parts):
        estimator.add(part, part[:, :LATENT])
    return estimator.directions()


def exact(samples, kept):
    values, vectors = np.linalg.eigh(np.cov(samples.T.astype(np.float64)))
    return np.sqrt(values[::-1][:kept]), vectors[:, ::-1][:, :kept].T


def captured(samples, vectors):
    """Share of the variance of the best subspace that these directions span."""
    basis, _ = np.linalg.qr(np.asarray(vectors, np.float64).T)
    best = (exact(samples, len(vectors))[0] ** 2).sum()
    return ((samples - samples.mean(0)) @ basis).var(axis=0, ddof=1).sum() / best


def aligned(a, b):
    """Cosines between vectors, whatever their sign."""
    return np.abs(np.einsum("ij,ij->i", a, b))


@pytest.mark.parametrize("name", ["ipca", "pca", "fbpca", "stream"])
def test_a_known_covariance_is_recovered(name):
    samples, axes = known()
    found = fit(samples, estimator=name)
    np.testing.assert_allclose(found.stdev, [10, 8, 6, 4], rtol=0.05)
    assert (aligned(found.vectors, axes) > 0.99).all()


@pytest.mark.parametrize("name", ESTIMATORS)
def test_every_estimator_gives_unit_directions_strongest_first(name):
    found = fit(known(600)[0], estimator=name)
    assert found.vectors.shape == (4, SIZE)
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=1), 1, atol=1e-5)
    assert (np.diff(found.stdev) <= 1e-6).all()
    np.testing.assert_allclose(found.mean, known(600)[0].mean(0), atol=1e-4)


@pytest.mark.parametrize("name", ["ipca", "pca", "fbpca", "stream"])
def test_shares_of_the_variance_are_of_all_of_it(name):
    samples, _ = known()
    total = samples.var(axis=0, ddof=1, dtype=np.float64).sum()
    found = fit(samples, estimator=name)
    np.testing.assert_allclose(found.var_ratio, found.stdev**2 / total, rtol=1e-3)


@pytest.mark.parametrize("kept", [4, 60])
def test_ipca_is_scikit_learns(kept):
    samples, _ = known(1000)
    ours = fit(samples, parts=10, estimator="ipca", components=kept, pca_batch_size=100).signed()
    theirs = IncrementalPCA(kept, batch_size=100).fit(samples.astype(np.float64))
    np.testing.assert_allclose(ours.stdev, np.sqrt(theirs.explained_variance_), rtol=1e-5)
    np.testing.assert_allclose(ours.var_ratio, theirs.explained_variance_ratio_, rtol=1e-5)
    np.testing.assert_allclose(ours.mean, theirs.mean_, rtol=1e-5)
    assert (aligned(ours.vectors, theirs.components_)[:4] > 1 - 1e-6).all()


def test_ipca_does_not_depend_on_how_samples_arrive():
    samples, _ = known(1000)
    one, many = (fit(samples, parts=parts, estimator="ipca", pca_batch_size=128) for parts in (1, 37))
    np.testing.assert_array_equal(one.vectors, many.vectors)


def test_projections_onto_the_directions_of_ica_are_independent_sources():
    rng = np.random.default_rng(0)
    sources = rng.uniform(-1, 1, (4000, 2))
    mixing = np.array([[1.0, 0.2, 0], [0.9, -0.3, 0.1]])
    samples = (sources @ mixing + 1e-3 * rng.standard_normal((4000, 3))).astype(np.float32)
    found = fit(samples, estimator="ica", components=2)
    alike = np.abs(np.corrcoef(samples @ found.vectors.T, sources, rowvar=False)[:2, 2:])
    np.testing.assert_allclose(np.sort(alike, axis=1), [[0, 1], [0, 1]], atol=0.03)


def test_spca_leaves_out_what_pca_does_not():
    rng = np.random.default_rng(0)
    samples = 0.05 * rng.standard_normal((500, 30))
    samples[:, :3] += rng.standard_normal((500, 1)) * 2
    sparse = fit(samples.astype(np.float32), estimator="spca", components=1)
    assert np.count_nonzero(sparse.vectors[0]) < 10
    assert np.linalg.norm(sparse.vectors[0, :3]) > 0.99


def wide(count=3000, size=1200):
    """More values than a whole covariance is kept of, and a spectrum that decays slowly."""
    rng = np.random.default_rng(3)
    mixing = rng.standard_normal((80, size)) * (np.arange(1, 81) ** -0.5)[:, None]
    hidden = rng.standard_normal((count, 80))
    return (np.tanh(hidden @ mixing / 3) + 0.01 * rng.standard_normal((count, size))).astype(np.float32)


def test_the_sketch_is_within_a_thousandth_of_the_covariance_in_full():
    samples = wide()
    found = fit(samples, parts=6, estimator="stream", components=32)
    stdev, _ = exact(samples, 32)
    np.testing.assert_allclose(found.stdev[:16], stdev[:16], rtol=1e-3)
    assert captured(samples, found.vectors) > 1 - 1e-3
    assert found.stdev.shape == (32,)


def test_parts_of_a_sketch_add_up_to_the_whole():
    samples = wide(3000)
    basis = streaming.find_basis(samples[:500], 100, np.random.default_rng(0))
    whole = streaming.directions(basis, streaming.sums_of(samples, basis), 8)
    parts = sum((streaming.sums_of(part, basis) for part in np.array_split(samples, 5)), streaming.empty(basis))
    added = streaming.directions(basis, parts, 8)
    np.testing.assert_allclose(added.stdev, whole.stdev, rtol=1e-5)
    assert (aligned(added.vectors, whole.vectors) > 1 - 1e-5).all()


def test_a_sketch_is_as_large_after_many_samples_as_after_few():
    estimator = estimators.make(Plan(count=10_000, components=4, estimator="stream"), SIZE, LATENT)
    sizes = set()
    for _ in range(5):
        estimator.add(known(2000)[0])
        sizes.add(sum(array.nbytes for array in estimator.state().values()))
    assert len(sizes) == 1


@pytest.mark.parametrize("name", ["ipca", "stream"])
def test_an_estimator_goes_on_from_its_state(name):
    samples, _ = known(1000)
    whole = fit(samples, parts=10, estimator=name, pca_batch_size=150)
    first, second = (
        estimators.make(Plan(count=1000, components=4, estimator=name, pca_batch_size=150), SIZE, LATENT)
        for _ in range(2)
    )
    parts = np.array_split(samples, 10)
    for part in parts[:6]:
        first.add(part)
    second.restore(first.state())
    for part in parts[6:]:
        second.add(part)
    np.testing.assert_array_equal(second.directions().vectors, whole.vectors)


def test_equal_samples_have_no_spread():
    found = fit(np.ones((200, 10), np.float32), estimator="stream")
    assert not found.stdev.any()
    assert np.isfinite(found.var_ratio).all()


def test_large_counts_are_streamed_unless_asked_otherwise():
    assert Plan(count=8192).chosen_estimator == "ipca"
    assert Plan(count=4_194_304).chosen_estimator == "stream"
    assert Plan(count=4_194_304, estimator="ipca").chosen_estimator == "ipca"


def test_more_components_than_samples_are_refused():
    with pytest.raises(ValueError, match="128 components need at least as many samples, not 100"):
        estimators.make(Plan(count=100), 8192, 256)


def test_what_does_not_fit_into_memory_is_refused_with_advice():
    with pytest.raises(ValueError, match=r"128\.0 GiB.*--estimator ipca or stream"):
        estimators.make(Plan(count=4_194_304, estimator="pca"), 8192, 256)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"estimator": "tsne"}, "must be one of ipca"),
        ({"count": 1}, "count must be at least 2"),
        ({"seed": -1}, "seed must be at least 0"),
    ],
)
def test_a_bad_plan_is_refused(change, words):
    with pytest.raises(ValueError, match=words):
        Plan(**change)


@pytest.fixture(scope="module")
def magentas(magenta, reference):
    """The activations that the course's script fitted, in its two batches."""
    pitch = int(reference["pitches"][0])
    return [
        magenta.activations(z, [pitch] * len(z), "conv0", at_once=512).reshape(len(z), -1) for z in reference["pca_z"]
    ]


@pytest.mark.parametrize(("name", "rtol"), [("ipca", 1e-4), ("pca", 1e-4), ("stream", 1e-4)])
def test_the_same_latents_give_the_courses_components(magentas, reference, name, rtol):
    plan = Plan(count=1024, components=0, estimator=name, pca_batch_size=512)
    estimator = estimators.make(plan, 512, 64)
    for batch in magentas:
        estimator.add(batch)
    found = estimator.directions()
    np.testing.assert_allclose(found.stdev[:64], reference["pca_stdev"], rtol=rtol)
    np.testing.assert_allclose(found.var_ratio[:64], reference["pca_var_ratio"], rtol=2e-3)
    np.testing.assert_allclose(found.mean, reference["pca_mean"].ravel(), atol=1e-5)
    assert (aligned(found.vectors[:32], reference["pca_comp"]) > 1 - 1e-3).all()
