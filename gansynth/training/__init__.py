"""Training: a dataset -> spectra -> batches -> steps -> a run folder that plays."""
