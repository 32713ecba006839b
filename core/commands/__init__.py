"""The command table as plain data, and how a message is checked against it; for the server and for the renderer."""
