"""Descriptors brought to a plane: PCA, t-SNE, UMAP."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from tonewright.errors import MissingExtraError, UnknownNameError, UsageError

TITLES = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}
"""Every projection by its name, and what people call it."""
LEAST_POINTS = 4
NEIGHBOURS = 10
"""Whose neighbourhood `kept_neighbours` looks at."""
_PERPLEXITY = 30.0
_ITERATIONS = 1000
_BLOCK = 1024

Progress = Callable[[float], None]


@dataclass(frozen=True, eq=False)
class Projection:
    """Where points lie on a plane.

    Attributes:
        name: One of `TITLES`.
        places: `[points, 2]` float32 from −1 to 1, to the right and upwards, with the same scale for both.
        kept: Share of the nearest neighbours on the plane that are nearest neighbours by their descriptors.
        shares: Share of the variance along both axes, for a projection that has any.
        loadings: For both axes, `[2, F]`, how the descriptors make them up; empty if they do not.
    """

    name: str
    places: NDArray[np.float32]
    kept: float
    shares: tuple[float, ...] = ()
    loadings: NDArray[np.float64] | None = None


def projections(names: Sequence[str] | None) -> tuple[str, ...]:
    """The projections behind names, each once.

    Args:
        names: Some of `TITLES`; None for t-SNE where it is installed, and PCA.

    Raises:
        UnknownNameError: There is no such projection.
        UsageError: No name is given.
        MissingExtraError: What it needs is not installed.
    """
    if names is None:
        return ("tsne", "pca") if find_spec("sklearn") else ("pca",)
    if not names:
        raise UsageError(f"a map has one projection or more; got none; choose from: {', '.join(TITLES)}")
    for name in names:
        if name not in TITLES:
            raise UnknownNameError("projection", name, TITLES)
        if name == "tsne" and not find_spec("sklearn"):
            raise MissingExtraError("scikit-learn", "map", "t-SNE")
        if name == "umap" and not find_spec("umap"):
            raise MissingExtraError("umap-learn", "umap", "UMAP")
    return tuple(dict.fromkeys(names))


def project(
    features: NDArray[np.float64], name: str, seed: int = 0, progress: Progress = lambda share: None
) -> Projection:
    """Bring points to a plane.

    Args:
        features: `[points, F]` normalised descriptors.
        name: One of `TITLES`.
        seed: Of what is random in it.
        progress: Called with the share of the work that is done since; in all 1.

    Raises:
        UsageError: There are too few points.
        UnknownNameError: There is no such projection.
    """
    if len(features) < LEAST_POINTS:
        raise UsageError(
            f"a map has {LEAST_POINTS} points or more that sound; got {len(features)}; measure more"
        )
    if name not in TITLES:
        raise UnknownNameError("projection", name, TITLES)
    flat, shares, axes = _pca(features)
    if name == "pca":
        progress(1.0)
        return Projection(name, _framed(flat), kept_neighbours(features, flat), shares, axes)
    # Begun from the PCA, far points stay more at their places, and every run gives the same.
    begin = (flat / max(flat[:, 0].std(), 1e-12)).astype(np.float32)
    made = _tsne(features, 1e-4 * begin, seed, progress) if name == "tsne" else _umap(features, begin, seed)
    if name == "umap":
        progress(1.0)
    return Projection(name, _framed(made), kept_neighbours(features, made))


def kept_neighbours(
    features: NDArray[np.float64], places: NDArray[np.floating], count: int = NEIGHBOURS
) -> float:
    """Share of the nearest neighbours on a plane that are nearest neighbours by their descriptors.

    Args:
        features: `[points, F]`.
        places: `[points, 2]`.
        count: How many neighbours of each point.
    """
    count = min(count, len(features) - 1)
    kept = 0
    for begin in range(0, len(features), _BLOCK):
        rows = np.arange(begin, min(begin + _BLOCK, len(features)))
        true, shown = _distances(features, rows), _distances(places.astype(np.float64), rows)
        near = np.argpartition(shown, count - 1, axis=1)[:, :count]
        # Not by rank: of points that sound alike any may be the neighbour.
        radius = np.partition(true, count - 1, axis=1)[:, count - 1 : count]
        kept += int((np.take_along_axis(true, near, axis=1) <= radius * (1 + 1e-9) + 1e-12).sum())
    return kept / (count * len(features))


def _distances(points: NDArray[np.float64], rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Squared distances `[rows, points]`; from a point to itself infinite."""
    squares = np.einsum("nf,nf->n", points, points)
    away = squares[rows, None] + squares - 2 * points[rows] @ points.T
    away = np.maximum(away, 0)
    away[np.arange(len(rows)), rows] = np.inf
    return np.asarray(away)


def _pca(
    features: NDArray[np.float64],
) -> tuple[NDArray[np.float64], tuple[float, float], NDArray[np.float64]]:
    """Principal components: places `[points, 2]`, shares of the variance, loadings `[2, F]`."""
    centred = features - features.mean(axis=0)
    left, sizes, axes = np.linalg.svd(centred, full_matrices=False)
    # The sign of a component is free: here its largest loading is positive.
    signs = np.sign(axes[np.arange(2), np.abs(axes[:2]).argmax(axis=1)])
    total = max(float(np.square(sizes).sum()), 1e-300)
    shares = (float(sizes[0] ** 2 / total), float(sizes[1] ** 2 / total))
    return left[:, :2] * sizes[:2] * signs, shares, axes[:2] * signs[:, None]


def _tsne(
    features: NDArray[np.float64], begin: NDArray[np.float32], seed: int, progress: Progress
) -> NDArray[np.float32]:
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    perplexity = min(_PERPLEXITY, (len(features) - 1) / 3)
    method = TSNE(2, perplexity=perplexity, init=begin, max_iter=_ITERATIONS, random_state=seed, verbose=2)
    told = _Iterations(progress)
    # One thread: several wait for each other more than they do, above all where others work, too.
    with threadpool_limits(1, user_api="openmp"), redirect_stdout(told):
        places = method.fit_transform(features.astype(np.float32))
    progress(1.0 - told.done)
    return np.asarray(places)


class _Iterations(io.TextIOBase):
    """Takes what t-SNE tells of itself on standard output, the only thing that says how far it is."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.done = 0.0

    def write(self, text: str) -> int:
        found = re.search(r"Iteration (\d+)", text)
        if found:
            now = min(int(found[1]) / _ITERATIONS, 1.0)
            self._progress(now - self.done)
            self.done = now
        return len(text)


def _umap(features: NDArray[np.float64], begin: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on import it misses TensorFlow, which nothing here needs
        from umap import UMAP

        method = UMAP(n_neighbors=min(15, len(features) - 1), init=10 * begin, random_state=seed, n_jobs=1)
        return np.asarray(method.fit_transform(features.astype(np.float32)))


def _framed(places: NDArray[np.floating]) -> NDArray[np.float32]:
    """The places moved and scaled into −1…1."""
    low, high = places.min(axis=0), places.max(axis=0)
    half = max(float((high - low).max()) / 2, 1e-12)
    return np.asarray((places - (low + high) / 2) / half, np.float32)
