"""Films as frames."""
