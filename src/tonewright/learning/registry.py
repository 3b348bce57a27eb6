"""Every environment by name, as data; `register` makes them known to Gymnasium.

Gymnasium (since 1.0) loads no plug-ins of its own: either `import tonewright.learning` first, or let
`gymnasium.make("tonewright.learning:tonewright/ProbeCopy-v0")` do that.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import gymnasium


class Environment(NamedTuple):
    """Where an environment is found, each place as `module:attribute`."""

    single: str
    """Makes a `SingleEnv`; for `gymnasium.make`."""
    batch: str
    """Makes a `BatchEnv`, given `num_envs`; for `gymnasium.make_vec`."""
    kwargs: Mapping[str, Any] = MappingProxyType({})
    """What both are given unless the caller says otherwise."""


ENVIRONMENTS: dict[str, Environment] = {
    "tonewright/Match-v0": Environment(
        "tonewright.matching.environment:match_env", "tonewright.matching.environment:MatchEnv"
    ),
    "tonewright/ProbeCopy-v0": Environment(
        "tonewright.learning.probes:copy_probe", "tonewright.learning.probes:CopyProbe"
    ),
    "tonewright/ProbeCredit-v0": Environment(
        "tonewright.learning.probes:credit_probe", "tonewright.learning.probes:CreditProbe"
    ),
    "tonewright/ProbeMask-v0": Environment(
        "tonewright.learning.probes:mask_probe", "tonewright.learning.probes:MaskProbe"
    ),
    "tonewright/ProbeHybrid-v0": Environment(
        "tonewright.learning.probes:hybrid_probe", "tonewright.learning.probes:HybridProbe"
    ),
}
# No time limit is registered: these environments truncate themselves, since agents may see the steps left.


def register() -> None:
    """Register with Gymnasium what it does not know yet."""
    for name, environment in ENVIRONMENTS.items():
        if name not in gymnasium.registry:
            gymnasium.register(
                name,
                entry_point=environment.single,
                vector_entry_point=environment.batch,
                kwargs=dict(environment.kwargs),
            )
