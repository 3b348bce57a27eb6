"""What a language model is asked: to write a prompt and settings for a brief, scored by their sound."""
