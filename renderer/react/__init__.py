"""Videos of songs by any image model: signals of the song drive latents, noise, displacement and bends."""
