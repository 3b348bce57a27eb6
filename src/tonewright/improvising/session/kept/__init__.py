"""What is kept of a session: to read, to play again, and to show."""
