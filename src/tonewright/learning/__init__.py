"""How an agent practises: environments in batches, action heads, PPO, runs and pools.

Importing this package registers Tonewright's environments with Gymnasium; it does not import torch.
"""
