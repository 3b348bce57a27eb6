"""Improvise: an agent listens to a musician and continuously moves the controls of a synthesizer."""
