"""Separate the voice of a song from its accompaniment, with a trained network that comes as a package."""
