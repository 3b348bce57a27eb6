"""How presets are searched for: the objective, the space of presets, and every method."""
