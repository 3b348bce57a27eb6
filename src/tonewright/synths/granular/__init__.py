"""Granular: a cloud of short pieces of a recording."""
