"""Training of any network: the loop, its schedule, saves, logs and the order of the data."""
