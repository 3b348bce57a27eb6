"""The words of briefs, in one place: what each asks of a sound, and how that is measured."""
