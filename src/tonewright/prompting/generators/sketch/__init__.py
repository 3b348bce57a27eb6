"""The sketch: a flow over patterns, notes and timbres, which the band of the house plays."""
