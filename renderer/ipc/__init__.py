"""Messages between the server and a renderer, over ZeroMQ."""
