"""Trained agents as files: exported, shipped and loaded."""
