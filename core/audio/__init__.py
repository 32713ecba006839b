"""Sound files, blocks of samples, features of a sound."""
