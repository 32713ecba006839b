"""Films made offline: of a song, of a hallucination along its own path, or in tempo."""
