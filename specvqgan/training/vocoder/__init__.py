"""Training of the vocoder."""
