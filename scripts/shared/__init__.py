"""Pieces that several commands share: not commands themselves."""
