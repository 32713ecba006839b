"""OSC over UDP: packets, sockets, clients, the dispatcher."""
