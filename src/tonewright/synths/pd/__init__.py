"""Synths that are Pure Data patches: any user's abstraction, played by real Pd.

A patch has one inlet, which takes a list of floats in [0, 1], one for each control, and sound on its outlets.
`naming` finds the patch, `patch` reads it, `description` its controls, `driver` writes the patch that plays
several of it at once, `player` runs Pd on that, `synth` is the synth.
"""
