"""The codebook: spectrograms to a small grid of codes, and back."""
