"""Training of the codebook."""
