"""Sound in NumPy: files, blocks, resampling, STFT, levels, features."""
