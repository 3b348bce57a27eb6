"""What a musician plays: the descriptors of every frame of a folder of recordings, split by file."""
