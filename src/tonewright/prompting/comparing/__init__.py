"""Two sounds against one brief, to listen to and to read."""
