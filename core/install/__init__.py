"""Install a model from a folder, an archive or the web."""
