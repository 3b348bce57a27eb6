"""Walks through the sounds of a generator, and the neighbours of one of them."""
