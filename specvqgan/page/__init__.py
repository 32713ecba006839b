"""The sampling tool: a page on which a film or a class gets a sound, step by step."""
