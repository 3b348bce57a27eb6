"""Terms that can be added to PPO's loss; see `ppo.Term`."""

from __future__ import annotations

from dataclasses import dataclass

from tonewright.checks import check_number
from tonewright.learning.policy import ActorCritic
from tonewright.learning.ppo import Minibatch
from tonewright.learning.torch_import import Tensor


@dataclass(frozen=True)
class BehaviouralCloning:
    """Minus the log probability of demonstrated actions, with a weight that falls linearly to 0.

    Demonstrations are an extra of the rollouts, [B, width] as the policy's head gives actions; a row of NaN
    has none. Continuous ones should keep clear of ±1, where a squashed normal follows only by running away.

    Attributes:
        weight: Weight at the start.
        until: Progress of training at which the weight is 0.
        key: Name of the extra.
    """

    weight: float = 1.0
    until: float = 1.0
    key: str = "demonstration"

    def __post_init__(self) -> None:
        check_number(self.weight, "the weight of cloning", 0)
        check_number(self.until, "the progress at which cloning ends", 0, 1, above=True)

    def __call__(
        self, policy: ActorCritic, minibatch: Minibatch, progress: float
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """See `ppo.Term`."""
        weight = self.weight * max(0.0, 1 - progress / self.until)
        actions = minibatch.extras[self.key]
        known = ~actions.isnan().any(-1)
        log_probs = policy.head.log_prob(minibatch.outputs.logits, actions.nan_to_num())
        loss = -(log_probs * known).mean()  # over all rows, so that parts of a minibatch add up to the whole
        return weight * loss, {"cloning_loss": loss}
