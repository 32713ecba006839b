"""What every other room stands on: files, formats, network operations, audio, latent paths, checks, commands."""
