"""Figures of docs/reliability.md: each module is one of them, run as `python -m bench.reliability.NAME`."""
