"""The agent: its network in training, and at work without torch."""
