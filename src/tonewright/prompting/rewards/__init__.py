"""Rewards: how good a sound is, how much of its category, and how well it is what the brief asked for."""
