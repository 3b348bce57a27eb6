"""A session: an agent hears a musician and plays, hop by hop, live or from file to file."""
