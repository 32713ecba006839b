"""The pictures of what sounds at this moment: heard over ZeroMQ, followed, painted, shown, and kept."""
