"""Pictures to sound: frames, features, codes, spectrogram, wave, window after window."""
