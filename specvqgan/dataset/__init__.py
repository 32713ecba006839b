"""Paired clips to train on: frames, as features, and the sound that belongs to them."""
