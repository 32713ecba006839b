"""What the server withstands, measured: each module is one figure, run as `python -m bench.reliability.NAME`."""
