"""Training of the three networks: codebook, transformer, vocoder."""
