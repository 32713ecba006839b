"""Directions in the latent space of a GAN: components files and the edits made with them."""

from ganspace.components import Components, load

__all__ = ["Components", "load"]
