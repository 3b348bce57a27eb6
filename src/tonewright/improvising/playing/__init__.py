"""Who plays, what they played, and what it was worth."""
