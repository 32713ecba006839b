"""How good a trained voice is: its tuning, its variety, its faults, and whether one hears what was asked for."""
