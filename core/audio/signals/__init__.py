"""Control signals of a song: pure functions from waves to curves, and chains of them that a file describes."""
