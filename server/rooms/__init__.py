"""Rooms: each has slots, edits, random numbers, a model and settings of its own. Without `--rooms` there is one."""
