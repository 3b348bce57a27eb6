"""A map of what a synth can do: similar sounds lie side by side, and each can be heard, in one page."""
