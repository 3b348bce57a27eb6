"""Briefs: what a sound should be, as data; those that ship, those of a folder, and unlimited ones."""
