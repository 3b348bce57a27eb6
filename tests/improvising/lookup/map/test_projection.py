import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness

from tonewright.errors import MissingExtraError, UnknownNameError, UsageError
from tonewright.improvising.lookup.map import projection
from tonewright.improvising.lookup.map.projection import kept_neighbours, project, projections


def cloud(count=300, features=12, seed=0):
    """Points on a bent sheet in many dimensions."""
    rng = np.random.default_rng(seed)
    u, v = rng.random((2, count))
    sheet = np.stack([np.cos(4 * u), np.sin(4 * u), v, u * v], axis=1)
    return sheet @ rng.normal(size=(4, features)) + 0.01 * rng.normal(size=(count, features))


def test_pca_is_that_of_scikit_learn():
    features = cloud()
    ours = project(features, "pca")
    theirs = PCA(2).fit(features)
    expected = theirs.transform(features)
    scale = np.ptp(expected, axis=0).max() / 2
    middle = (expected.max(axis=0) + expected.min(axis=0)) / 2
    expected = (expected - middle) / scale
    signs = np.sign((expected * ours.places).sum(axis=0))
    np.testing.assert_allclose(ours.places, signs * expected, atol=1e-5)
    np.testing.assert_allclose(ours.shares, theirs.explained_variance_ratio_, atol=1e-9)
    np.testing.assert_allclose(np.abs(ours.loadings), np.abs(theirs.components_), atol=1e-7)


def test_pca_of_a_line_in_closed_form():
    along = np.linspace(-3, 3, 7)[:, None] * np.array([[0.0, 3.0, -4.0]]) / 5
    ours = project(along, "pca")
    np.testing.assert_allclose(ours.places, [[-x, 0] for x in np.linspace(-1, 1, 7)], atol=1e-6)
    np.testing.assert_allclose(ours.shares, [1, 0], atol=1e-12)
    np.testing.assert_allclose(ours.loadings[0], [0, -0.6, 0.8], atol=1e-9)  # its largest is positive


@pytest.mark.parametrize("name", ["pca", "tsne"])
def test_places_fill_the_frame_and_keep_their_proportions(name):
    places = project(cloud(), name).places
    extent = np.ptp(places, axis=0)
    assert extent.max() == pytest.approx(2, abs=1e-5)
    np.testing.assert_allclose(places.max(axis=0) + places.min(axis=0), 0, atol=1e-5)
    assert places.dtype == np.float32


def test_tsne_keeps_neighbourhoods_that_pca_does_not():
    features = cloud(600)
    flat, bent = project(features, "pca"), project(features, "tsne")
    assert trustworthiness(features, bent.places, n_neighbors=10) > 0.99
    assert bent.kept > 0.75
    assert bent.kept > flat.kept + 0.1


def test_kept_neighbours_are_counted_as_by_hand():
    rng = np.random.default_rng(1)
    features, places = rng.normal(size=(40, 6)), rng.normal(size=(40, 2))

    def near(points, row):
        away = np.linalg.norm(points - points[row], axis=1)
        return set(np.argsort(away)[1:6].tolist())

    kept = [len(near(features, row) & near(places, row)) for row in range(40)]
    assert kept_neighbours(features, places, 5) == pytest.approx(np.mean(kept) / 5)
    assert kept_neighbours(features[:, :2], features[:, :2], 5) == 1


def test_any_of_equal_sounds_may_be_the_neighbour():
    features = np.repeat([[0.0, 0.0], [9.0, 9.0]], 20, axis=0)
    places = features + np.random.default_rng(0).normal(size=features.shape)
    assert kept_neighbours(features, places, 5) == 1


@pytest.mark.parametrize("name", ["pca", "tsne"])
def test_the_same_seed_gives_the_same_places(name):
    features = cloud(150)
    np.testing.assert_array_equal(project(features, name, 3).places, project(features, name, 3).places)


@pytest.mark.parametrize("name", ["pca", "tsne"])
@pytest.mark.parametrize("features", [np.zeros((9, 4)), np.repeat(np.eye(4), 10, axis=0)])
def test_sounds_that_are_all_alike_have_places(name, features):
    made = project(features, name)
    assert np.isfinite(made.places).all()
    assert made.kept == 1


def test_progress_comes_to_one_and_nothing_is_printed(capsys):
    shares = []
    project(cloud(200), "tsne", progress=shares.append)
    assert sum(shares) == pytest.approx(1)
    assert len(shares) > 10
    assert capsys.readouterr() == ("", "")


def test_umap_keeps_neighbourhoods():
    pytest.importorskip("umap", reason="needs umap-learn, of the extra umap")
    features = cloud(600)
    made = project(features, "umap", 5)
    assert trustworthiness(features, made.places, n_neighbors=10) > 0.98
    np.testing.assert_array_equal(made.places, project(features, "umap", 5).places)


def test_what_is_drawn_if_nothing_is_asked_for(monkeypatch):
    assert projections(None) == ("tsne", "pca")
    assert projections(["pca", "tsne", "pca"]) == ("pca", "tsne")
    monkeypatch.setattr(projection, "find_spec", lambda name: None)
    assert projections(None) == ("pca",)


def test_a_missing_library_is_named_with_its_extra(monkeypatch):
    monkeypatch.setattr(projection, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"t-SNE needs scikit-learn; .*\[map\]"):
        projections(["pca", "tsne"])
    with pytest.raises(MissingExtraError, match=r"UMAP needs umap-learn; .*\[umap\]"):
        projections(["umap"])


def test_bad_input():
    with pytest.raises(UnknownNameError, match=r"no projection is called 't-sne'; did you mean 'tsne'\?"):
        projections(["t-sne"])
    with pytest.raises(UsageError, match="a map has one projection or more; got none"):
        projections([])
    with pytest.raises(UsageError, match="a map has 4 points or more that sound; got 3"):
        project(np.eye(3), "pca")
