"""StyleGAN2: generators whose latent vectors are mapped first (Karras et al. 2020)."""
