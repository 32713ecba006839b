"""Videos rendered offline: of a song, of a hallucination along its own path, or as a loop in tempo."""
