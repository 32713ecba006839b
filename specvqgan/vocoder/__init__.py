"""Spectrograms to sound: MelGAN, its discriminators, and Griffin-Lim."""
