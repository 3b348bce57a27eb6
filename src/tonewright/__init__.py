"""Tonewright."""
