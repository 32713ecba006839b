"""The transformer: codes of a spectrogram, one after the other, that follow pictures, a class, both or nothing."""
