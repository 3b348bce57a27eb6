"""What the networks of this craft hear: log-mel cells, spectra relative to the note, observations."""
