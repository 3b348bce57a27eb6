"""Briefs for text-to-audio models: prompts and settings are written, rendered and scored."""
