"""Where sounds go."""
