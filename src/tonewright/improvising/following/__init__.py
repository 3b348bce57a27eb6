"""What an agent follows: random sounds of its synth, recordings, phrases."""
