"""Readers of other programs' files, which execute nothing, and their writers."""
