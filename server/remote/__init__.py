"""The server from elsewhere: a bridge beside Pd at home, and the port on which the server answers it."""
