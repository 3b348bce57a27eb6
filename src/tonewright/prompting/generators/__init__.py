"""Text-to-audio models behind one protocol: a batch of requests in, stereo sound out."""
