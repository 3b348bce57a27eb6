"""Trained networks: those that ship, loading and exporting."""
