"""Sounds of any length as codes, in a small file, and back."""
