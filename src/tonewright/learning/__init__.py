"""How an agent practises: environments in batches, action heads, PPO, runs and pools.

Importing this package registers Tonewright's environments with Gymnasium; it does not import torch.
"""

from tonewright.learning.registry import ENVIRONMENTS, Environment, register
from tonewright.learning.vector import BatchEnv, SingleEnv

__all__ = ["ENVIRONMENTS", "BatchEnv", "Environment", "SingleEnv", "register"]

register()
