"""Searching settings of a generator that suit a category, or one brief."""
