"""Features of pictures: what a transformer is conditioned on."""
