"""Training of a StyleGAN2: images -> batches -> steps of several phases -> a run folder -> a model folder."""
