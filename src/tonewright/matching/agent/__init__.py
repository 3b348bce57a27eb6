"""The agent: what it does, its network, its curriculum, and how it is validated."""
