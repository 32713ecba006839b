"""Spectrograms as SpecVQGAN knows them: from sound, and back."""
