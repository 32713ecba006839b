"""The engine thread and its queue."""
