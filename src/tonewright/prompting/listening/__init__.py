"""Measures of a sound that was asked for: tone, rhythm, key and elements, whatever its level."""
