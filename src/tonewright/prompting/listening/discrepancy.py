"""How far two sets of embeddings are apart, and whether that could be chance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.prompting.listening.analysis import Floats
from tonewright.prompting.listening.embedding import squared_distances

_PERMUTATIONS_AT_ONCE = 128
_ROUNDING = 1e-12


def mmd(one: Floats, other: Floats) -> float:
    """Squared maximum mean discrepancy of two sets of embeddings, unbiased.

    It is 0 in the mean for two sets of one kind, so that it may be negative, and more the less alike they
    are. The kernel is exp(−d² / 2σ²), σ the median distance within the reference; 100 times this is KAD.

    Args:
        one: `[N, E]`, two or more.
        other: `[M, E]`, two or more: the reference.

    Source: Gretton et al., A kernel two-sample test (2012), equation 3; Chung et al., KAD (arXiv 2502.15602).
    """
    width = _median_square(squared_distances(other, other))
    kernel = _kernel(np.concatenate([one, other]), width)
    first = np.arange(len(kernel)) < len(one)
    return float(_statistics(kernel, first[None])[0])


def permutation_p_value(one: Floats, other: Floats, *, permutations: int, seed: int) -> float:
    """How often sounds that are dealt to two sets at random are as far apart: a p-value.

    The kernel is as wide as the median distance among all, which is the same however they are dealt.

    Args:
        one: `[N, E]`, two or more.
        other: `[M, E]`, two or more.
        permutations: How often they are dealt; 1 / (permutations + 1) is the least that comes out.
        seed: Of the dealing.

    Source: Phipson and Smyth, Permutation p-values should never be zero (2010).
    """
    rng = np.random.default_rng(seed)
    every = np.concatenate([one, other])
    kernel = _kernel(every, _median_square(squared_distances(every, every)))
    first = np.arange(len(every)) < len(one)
    least = _statistics(kernel, first[None])[0] - _ROUNDING
    as_far = 0
    for begin in range(0, permutations, _PERMUTATIONS_AT_ONCE):
        count = min(_PERMUTATIONS_AT_ONCE, permutations - begin)
        dealt = rng.permuted(np.repeat(first[None], count, axis=0), axis=1)
        as_far += int((_statistics(kernel, dealt) >= least).sum())
    return (1 + as_far) / (1 + permutations)


def _median_square(squares: Floats) -> float:
    """Square of the median distance of two different sounds; above 0, even where all are the same."""
    return max(float(np.median(np.sqrt(squares[np.triu_indices(len(squares), 1)]))) ** 2, _ROUNDING)


def _kernel(every: Floats, squared_width: float) -> Floats:
    """`[N + M, N + M]`, with 0 for each with itself, which an unbiased mean leaves out."""
    kernel = np.exp(-squared_distances(every, every) / (2 * squared_width))
    np.fill_diagonal(kernel, 0)
    return np.asarray(kernel)


def _statistics(kernel: Floats, first: NDArray[np.bool_]) -> Floats:
    """Of ways `[P, N + M]` to tell the first set from the second, the discrepancy of each, `[P]`."""
    chosen = first.astype(np.float64)
    n, m = int(chosen[0].sum()), int((1 - chosen[0]).sum())
    own = ((chosen @ kernel) * chosen).sum(axis=1)
    across = chosen @ kernel.sum(axis=1) - own
    rest = kernel.sum() - own - 2 * across
    return np.asarray(own / (n * (n - 1)) + rest / (m * (m - 1)) - 2 * across / (n * m))
