"""What of a corpus a synth can reach, and the page that shows it and all else that is in a corpus."""
