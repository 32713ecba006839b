"""Training of GANSynth: dataset -> spectrograms -> batches -> steps -> a run folder that can be played."""
