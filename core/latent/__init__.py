"""Paths through a latent space."""
