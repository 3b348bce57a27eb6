"""What a synth can do: a table of controls and the descriptors that they sound like, and a map of it."""
