"""What is made of sounds of any generator: loops of whole bars, long sounds of segments, scenes of layers."""
