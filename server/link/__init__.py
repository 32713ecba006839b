"""The link to renderers, over ZeroMQ."""
