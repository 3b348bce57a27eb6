"""Serum-lite, the house synthesizer."""
