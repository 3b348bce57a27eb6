"""Action heads: from a network's numbers (logits) to a distribution over actions.

A head has no weights. Actions are one float32 tensor `[B, width]` whatever the action space; discrete values
are whole numbers counted from 0, continuous ones lie in (−1, 1). Choices that are not valid get logits so low
that their probability is exactly 0, and with it their share of entropies and gradients.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from gymnasium import Space, spaces
from numpy.typing import ArrayLike

from tonewright.errors import UsageError
from tonewright.learning import squashed_normal
from tonewright.learning.torch_import import Tensor, torch

_INVALID = -1e9  # finite: −inf times a probability of 0 would be NaN
_LOG_STD_RANGE = (-4.0, 2.0)


class Head(Protocol):
    """A family of distributions over actions, its parameters given by logits.

    Attributes:
        n_logits: Logits a row.
        width: Numbers in an action.
        n_gumbel: Gumbel noises that `perturbed` takes for an action.
        n_normal: Normal noises that it takes after those.
    """

    n_logits: int
    width: int
    n_gumbel: int
    n_normal: int

    def sample(self, logits: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Random actions [B, width], given logits [B, n_logits]."""
        ...

    def mode(self, logits: Tensor) -> Tensor:
        """The actions [B, width] of an agent that does not explore."""
        ...

    def perturbed(self, logits: Tensor, noise: Tensor) -> Tensor:
        """The actions [B, width] that noise [B, n_gumbel + n_normal] leads to; 0 leads to the mode.

        With standard Gumbel and normal noise they are distributed as `sample`'s: this is how an exported
        network, in which nothing is random, samples.
        """
        ...

    def log_prob(self, logits: Tensor, actions: Tensor) -> Tensor:
        """Log probability (or density) [B] of actions [B, width]."""
        ...

    def entropy(self, logits: Tensor) -> Tensor:
        """Entropy [B] in nats; of density, for continuous actions."""
        ...


class Categorical:
    """One of n choices.

    Args:
        n: Number of choices, which is also that of logits.
        valid: Choices [n] that may be taken (bool); all by default.

    Raises:
        UsageError: `valid` is of another shape, or bars every choice.
    """

    width = 1
    n_normal = 0

    def __init__(self, n: int, valid: ArrayLike | None = None) -> None:
        self.n_logits = self.n_gumbel = n
        self._valid = _validity(np.ones(n) if valid is None else valid, (n,))

    def sample(self, logits: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """See `Head`."""
        return torch.multinomial(self.log_probs(logits).exp(), 1, generator=generator).float()

    def mode(self, logits: Tensor) -> Tensor:
        """The likeliest choice."""
        return self.log_probs(logits).argmax(-1, keepdim=True).float()

    def perturbed(self, logits: Tensor, noise: Tensor) -> Tensor:
        """See `Head`; the Gumbel-max trick."""
        return (self.log_probs(logits) + noise).argmax(-1, keepdim=True).float()

    def log_prob(self, logits: Tensor, actions: Tensor) -> Tensor:
        """See `Head`."""
        return self.log_probs(logits).gather(-1, actions.long())[:, 0]

    def entropy(self, logits: Tensor) -> Tensor:
        """See `Head`."""
        return _entropy(self.log_probs(logits))

    def log_probs(self, logits: Tensor) -> Tensor:
        """Log probabilities [B, n] of all choices; −1e9 or so for those not valid."""
        return _masked(logits, self._valid).log_softmax(-1)


class MultiCategorical:
    """One choice for each of several factors, where a choice may restrict that for the next factor.

    The logits of a factor do not depend on other choices, only which of them count: a Markov chain.

    Args:
        counts: Number of choices of each factor; the logits are theirs, side by side.
        validity: For each factor but the first, a bool table [choices of the factor before, choices]: what it
            may be, given the one before. None in place of a table restricts nothing.

    Raises:
        UsageError: Tables that do not fit, or that leave a factor no choice.
    """

    n_normal = 0

    def __init__(self, counts: Sequence[int], validity: Sequence[ArrayLike | None] | None = None) -> None:
        self.counts = [int(count) for count in counts]
        self.width, self.n_logits = len(self.counts), sum(self.counts)
        self.n_gumbel = self.n_logits
        tables = [None] * (self.width - 1) if validity is None else list(validity)
        if self.width == 0 or len(tables) != self.width - 1:
            raise UsageError(
                f"needs a factor, and a table for each but the first; got {self.width} factors and "
                f"{len(tables)} tables"
            )
        self._tables = [
            _validity(np.ones(shape) if table is None else table, shape)
            for table, shape in zip(tables, pairwise(self.counts), strict=True)
        ]

    def sample(self, logits: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """See `Head`."""
        return self._chain(
            logits, lambda factor, _: torch.multinomial(factor.exp(), 1, generator=generator)[:, 0]
        )

    def mode(self, logits: Tensor) -> Tensor:
        """The likeliest choice of each factor in turn, given the one before."""
        return self._chain(logits, lambda factor, _: factor.argmax(-1))

    def perturbed(self, logits: Tensor, noise: Tensor) -> Tensor:
        """See `Head`."""
        noises = torch.split(noise, self.counts, -1)
        return self._chain(logits, lambda factor, k: (factor + noises[k]).argmax(-1))

    def log_prob(self, logits: Tensor, actions: Tensor) -> Tensor:
        """See `Head`."""
        chosen = actions.long().unbind(-1)
        total = torch.zeros_like(logits[:, 0])
        for k, factor in enumerate(torch.split(logits, self.counts, -1)):
            total = total + self._given(chosen[:k], factor).gather(-1, chosen[k][:, None])[:, 0]
        return total

    def entropy(self, logits: Tensor) -> Tensor:
        """Exact: that of each factor given the one before, weighted by the chance of the latter."""
        first, *others = torch.split(logits, self.counts, -1)
        log_probs = first.log_softmax(-1)
        total, chances = _entropy(log_probs), log_probs.exp()  # chances [B, choices], of one factor by itself
        for table, factor in zip(self._tables, others, strict=True):
            log_probs = _masked(factor[:, None, :], table).log_softmax(-1)  # [B, choices before, choices]
            total = total + (chances * _entropy(log_probs)).sum(-1)
            chances = (chances[..., None] * log_probs.exp()).sum(1)
        return total

    def _chain(self, logits: Tensor, choose: Callable[[Tensor, int], Tensor]) -> Tensor:
        """Actions [B, width], the k-th chosen [B] from its log probabilities [B, choices], in turn."""
        chosen: list[Tensor] = []
        for k, factor in enumerate(torch.split(logits, self.counts, -1)):
            chosen.append(choose(self._given(chosen, factor), k))
        return torch.stack(chosen, -1).float()

    def _given(self, chosen: Sequence[Tensor], factor: Tensor) -> Tensor:
        """Log probabilities [B, choices] of the factor that follows on those chosen so far, each [B]."""
        if not chosen:
            return factor.log_softmax(-1)
        table = self._tables[len(chosen) - 1].to(factor.device)
        return _masked(factor, table[chosen[-1]]).log_softmax(-1)


class SquashedGaussian:
    """Independent normals, squashed into (−1, 1) by tanh.

    The logits are the means, then what sets the standard deviations, so that both depend on the observation.
    Logits of 0 are a mean of 0 and a standard deviation in the (logarithmic) middle of its range.

    Args:
        width: Numbers in an action.
        used: Bool [width]: the numbers that matter; all by default. The others are 0 and count in neither log
            probability nor entropy.
        log_std_range: Bounds of the log standard deviation before squashing, approached smoothly.

    Raises:
        UsageError: `used` is of another shape.
    """

    n_gumbel = 0

    def __init__(
        self,
        width: int,
        used: ArrayLike | None = None,
        log_std_range: tuple[float, float] = _LOG_STD_RANGE,
    ) -> None:
        self.width, self.n_logits = width, 2 * width
        self.used = _mask(np.ones(width) if used is None else used, (width,))
        self.n_normal = width
        self.log_std_range = log_std_range

    def sample(self, logits: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """See `Head`."""
        numbers = squashed_normal.sample(*self.mean_and_log_std(logits), generator)
        return numbers * self.used.to(logits.device)

    def mode(self, logits: Tensor) -> Tensor:
        """The median of each number, tanh of the mean before squashing."""
        return squashed_normal.median(self.mean_and_log_std(logits)[0]) * self.used.to(logits.device)

    def perturbed(self, logits: Tensor, noise: Tensor) -> Tensor:
        """See `Head`."""
        mean, log_std = self.mean_and_log_std(logits)
        return squashed_normal.median(mean + log_std.exp() * noise) * self.used.to(logits.device)

    def log_prob(self, logits: Tensor, actions: Tensor) -> Tensor:
        """Exact, by the change of variables; actions beyond ±(1 − 1e-6) are taken to be there."""
        densities = squashed_normal.log_density(*self.mean_and_log_std(logits), actions)
        return (densities * self.used.to(logits.device)).sum(-1)

    def entropy(self, logits: Tensor) -> Tensor:
        """In closed form, within 1e-4 nats for each number; see `squashed_normal`."""
        entropies = squashed_normal.entropy(*self.mean_and_log_std(logits))
        return (entropies * self.used.to(logits.device)).sum(-1)

    def mean_and_log_std(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log standard deviation before squashing, each [..., width], of logits [..., 2·width]."""
        mean, raw = logits.chunk(2, -1)
        low, high = self.log_std_range
        return mean, low + (high - low) * raw.sigmoid()


class Branch:
    """First a choice, then numbers in (−1, 1) whose distribution is that choice's own.

    An action is the choice, followed by `branches.width` numbers. Those a choice does not use are 0 and count
    in neither log probability nor entropy. The logits are those of the choice, then those of each branch.

    Args:
        choice: The first head.
        branches: The second; each choice has its own parameters for it.
        used: Bool [choices, width of `branches`]: the numbers that matter after each choice; all by default.

    Raises:
        UsageError: `used` is of another shape.
    """

    def __init__(
        self, choice: Categorical, branches: SquashedGaussian, used: ArrayLike | None = None
    ) -> None:
        self.choice, self.branches = choice, branches
        self.width = 1 + branches.width
        self.n_logits = choice.n_logits * (1 + branches.n_logits)
        self.n_gumbel, self.n_normal = choice.n_gumbel, branches.n_normal
        shape = (choice.n_logits, branches.width)
        self._used = _mask(np.ones(shape) if used is None else used, shape) & branches.used

    def sample(self, logits: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """See `Head`."""
        choice = self.choice.sample(self._choice_logits(logits), generator)
        numbers = self.branches.sample(self._branch_logits(logits, choice), generator)
        return torch.cat([choice, numbers * self._used_by(choice)], -1)

    def perturbed(self, logits: Tensor, noise: Tensor) -> Tensor:
        """See `Head`."""
        choice = self.choice.perturbed(self._choice_logits(logits), noise[:, : self.n_gumbel])
        numbers = self.branches.perturbed(self._branch_logits(logits, choice), noise[:, self.n_gumbel :])
        return torch.cat([choice, numbers * self._used_by(choice)], -1)

    def mode(self, logits: Tensor) -> Tensor:
        """The likeliest choice, then the mode of its branch."""
        choice = self.choice.mode(self._choice_logits(logits))
        numbers = self.branches.mode(self._branch_logits(logits, choice))
        return torch.cat([choice, numbers * self._used_by(choice)], -1)

    def log_prob(self, logits: Tensor, actions: Tensor) -> Tensor:
        """See `Head`."""
        choice, numbers = actions[:, :1], actions[:, 1:]
        parameters = self.branches.mean_and_log_std(self._branch_logits(logits, choice))
        log_densities = squashed_normal.log_density(*parameters, numbers) * self._used_by(choice)
        return self.choice.log_prob(self._choice_logits(logits), choice) + log_densities.sum(-1)

    def entropy(self, logits: Tensor) -> Tensor:
        """That of the choice, and that of each branch times the chance of its choice."""
        log_probs = self.choice.log_probs(self._choice_logits(logits))
        mean, log_std = self.branches.mean_and_log_std(self._all_branch_logits(logits))
        used = self._used.to(logits.device)
        branches, columns = used.nonzero(as_tuple=True)  # the rest would be computed for nothing
        entropies = squashed_normal.entropy(mean[:, branches, columns], log_std[:, branches, columns])
        return _entropy(log_probs) + (log_probs.exp()[:, branches] * entropies).sum(-1)

    def _choice_logits(self, logits: Tensor) -> Tensor:
        return logits[:, : self.choice.n_logits]

    def _all_branch_logits(self, logits: Tensor) -> Tensor:
        """[B, choices, 2·width]."""
        return logits[:, self.choice.n_logits :].view(-1, self.choice.n_logits, self.branches.n_logits)

    def _branch_logits(self, logits: Tensor, choice: Tensor) -> Tensor:
        """Those of the branch chosen [B, 2·width], given choices [B, 1]."""
        rows = choice.long()[..., None].expand(-1, 1, self.branches.n_logits)
        return self._all_branch_logits(logits).gather(1, rows)[:, 0]

    def _used_by(self, choice: Tensor) -> Tensor:
        return self._used.to(choice.device)[choice[:, 0].long()]


class Factored:
    """Several heads side by side, independent of each other given the observation.

    Args:
        heads: The heads; logits and actions are theirs, side by side.
    """

    def __init__(self, heads: Sequence[Head]) -> None:
        self.heads = list(heads)
        self.n_logits = sum(head.n_logits for head in self.heads)
        self.width = sum(head.width for head in self.heads)
        self.n_gumbel = sum(head.n_gumbel for head in self.heads)
        self.n_normal = sum(head.n_normal for head in self.heads)

    def sample(self, logits: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """See `Head`."""
        return torch.cat([head.sample(part, generator) for head, part in self._parts(logits)], -1)

    def mode(self, logits: Tensor) -> Tensor:
        """See `Head`."""
        return torch.cat([head.mode(part) for head, part in self._parts(logits)], -1)

    def perturbed(self, logits: Tensor, noise: Tensor) -> Tensor:
        """See `Head`."""
        gumbel = torch.split(noise[:, : self.n_gumbel], [head.n_gumbel for head in self.heads], -1)
        normal = torch.split(noise[:, self.n_gumbel :], [head.n_normal for head in self.heads], -1)
        parts = zip(self._parts(logits), gumbel, normal, strict=True)
        return torch.cat([head.perturbed(part, torch.cat([g, n], -1)) for (head, part), g, n in parts], -1)

    def log_prob(self, logits: Tensor, actions: Tensor) -> Tensor:
        """See `Head`."""
        taken = torch.split(actions, [head.width for head in self.heads], -1)
        parts = zip(self._parts(logits), taken, strict=True)
        return torch.stack([head.log_prob(part, action) for (head, part), action in parts]).sum(0)

    def entropy(self, logits: Tensor) -> Tensor:
        """See `Head`."""
        return torch.stack([head.entropy(part) for head, part in self._parts(logits)]).sum(0)

    def _parts(self, logits: Tensor) -> Iterator[tuple[Head, Tensor]]:
        return zip(self.heads, torch.split(logits, [head.n_logits for head in self.heads], -1), strict=True)


def head_for(space: Space[Any]) -> Head:
    """The plain head of an action space: every part independent of the others.

    Args:
        space: Discrete, MultiDiscrete, bounded Box, or a Dict or Tuple of such; in the order of its parts.

    Raises:
        UsageError: A space of another kind, or a Box without bounds.
    """
    if isinstance(space, spaces.Discrete):
        return Categorical(int(space.n))
    if isinstance(space, spaces.MultiDiscrete):
        return MultiCategorical(space.nvec.ravel().tolist())
    if isinstance(space, spaces.Box) and space.is_bounded():
        return SquashedGaussian(math.prod(space.shape))
    if isinstance(space, spaces.Dict):
        return Factored([head_for(part) for part in space.values()])
    if isinstance(space, spaces.Tuple):
        return Factored([head_for(part) for part in space])
    raise UsageError(
        f"actions are Discrete, MultiDiscrete, bounded Box, or a Dict or Tuple of these; got {space}"
    )


def _mask(table: ArrayLike, shape: tuple[int, ...]) -> Tensor:
    array = np.asarray(table).astype(bool)
    if array.shape != shape:
        raise UsageError(f"a mask of shape {shape} is needed; got {array.shape}")
    return torch.from_numpy(array)


def _validity(table: ArrayLike, shape: tuple[int, ...]) -> Tensor:
    mask = _mask(table, shape)
    if not mask.any(-1).all():
        raise UsageError(f"a mask must leave at least one choice in every row; got {mask.tolist()}")
    return mask


def _masked(logits: Tensor, valid: Tensor) -> Tensor:
    return torch.where(valid.to(logits.device), logits, _INVALID)


def _entropy(log_probs: Tensor) -> Tensor:
    return -(log_probs.exp() * log_probs).sum(-1)
