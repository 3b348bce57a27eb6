"""What the networks of this craft hear: log-mel cells, spectra relative to the note, observations."""

HEARING_VERSION = 1
"""Of what networks are given of a sound: raise it when a change of the code changes their inputs."""
