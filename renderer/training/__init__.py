"""Training of an image model: class folders -> batches -> steps -> a run folder -> a folder that the renderer loads."""
