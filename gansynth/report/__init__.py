"""Evaluation of a trained sound model: tuning, variety, faults, and whether requested families can be recognised."""
