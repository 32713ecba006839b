"""Live images of the sound that plays: follow the server, render, record."""
