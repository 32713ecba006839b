"""Generators in files: in the formats of other programs, and in ours. Each reader executes nothing."""
