"""Learned scorers: networks that judge a sound beside what is measured of it; optional."""
