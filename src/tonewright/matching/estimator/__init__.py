"""The estimator: hears a sound and proposes presets that could have made it."""
