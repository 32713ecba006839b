"""Latent space: interpolation, paths, oscillators, truncated normal distribution."""
