"""The protocol between the server and a renderer."""
