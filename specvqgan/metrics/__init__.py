"""Judges of spectrograms: classifiers, distances, and the figures of an evaluation."""
