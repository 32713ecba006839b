"""The server's end of the link to renderers, over ZeroMQ."""
