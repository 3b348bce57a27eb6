"""Stable-Baselines3 on our environments: its DQN, SAC, PPO, TD3, A2C… learn inside a run, and are exported.

```python
env = SB3VecEnv(gymnasium.make_vec("tonewright/ProbeHybrid-v0", num_envs=64))
with Run.create("run", config, seed=0) as run:
    train_sb3(SAC("MlpPolicy", env, seed=run.seed), run, TrainConfig(), total_steps=10_000)
```
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tonewright.learning.sb3.environment import ActionView, FlatActions, Nudges, SB3VecEnv
    from tonewright.learning.sb3.export import export_sb3
    from tonewright.learning.sb3.training import train_sb3

__all__ = ["ActionView", "FlatActions", "Nudges", "SB3VecEnv", "export_sb3", "train_sb3"]

_HOMES = {
    "ActionView": "environment",
    "FlatActions": "environment",
    "Nudges": "environment",
    "SB3VecEnv": "environment",
    "export_sb3": "export",
    "train_sb3": "training",
}


def __getattr__(name: str) -> Any:
    """Import Stable-Baselines3, and torch with it, when a name is first used."""
    if name in _HOMES:
        return getattr(import_module(f"tonewright.learning.sb3.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'tonewright.learning.sb3' has no attribute '{name}'")
