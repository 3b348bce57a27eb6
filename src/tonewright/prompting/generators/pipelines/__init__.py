"""Pipelines of `diffusers`: Stable Audio Open 1.0 and Stable Audio 3."""
