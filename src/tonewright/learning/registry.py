"""How a room declares its environments: as data, each place a `module:attribute` that is imported when used.

`tonewright.environments` collects them from every room and registers them with Gymnasium.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple


class Environment(NamedTuple):
    """Where an environment is found, each place as `module:attribute`."""

    single: str
    """Makes a `SingleEnv`; for `gymnasium.make`."""
    batch: str
    """Makes a `BatchEnv`, given `num_envs`; for `gymnasium.make_vec`."""
    kwargs: Mapping[str, Any] = MappingProxyType({})
    """What both are given unless the caller says otherwise."""


# No time limit is registered: these environments truncate themselves, since agents may see the steps left.
ENVIRONMENTS: dict[str, Environment] = {
    f"tonewright/Probe{name}-v0": Environment(
        f"tonewright.learning.probes:{name.lower()}_probe", f"tonewright.learning.probes:{name}Probe"
    )
    for name in ("Copy", "Credit", "Mask", "Hybrid")
}
"""The probes: small problems on which learning is checked."""
