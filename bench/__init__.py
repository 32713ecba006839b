"""What the instrument costs, beside what it must cost: `python -m bench`."""
