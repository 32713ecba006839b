"""Training a picture model: class folders -> batches -> steps -> a run folder -> a folder that the painter loads."""
